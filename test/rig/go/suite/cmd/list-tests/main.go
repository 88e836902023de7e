// list-tests prints, as JSON, the tests of the conformance suite in the order in which it runs them, and its profiles.
package main

import (
	"encoding/json"
	"os"

	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/features"
)

type test struct {
	Name        string                 `json:"name"`
	Features    []features.FeatureName `json:"features"`
	Parallel    bool                   `json:"parallel"`
	Provisional bool                   `json:"provisional"`
}

type profile struct {
	Name     suite.ConformanceProfileName `json:"name"`
	Core     []features.FeatureName       `json:"core"`
	Extended []features.FeatureName       `json:"extended"`
}

var profiles = []suite.ConformanceProfile{
	suite.GatewayHTTPConformanceProfile,
	suite.GatewayGRPCConformanceProfile,
	suite.GatewayTLSConformanceProfile,
	suite.GatewayTCPConformanceProfile,
	suite.GatewayUDPConformanceProfile,
	suite.MeshHTTPConformanceProfile,
	suite.MeshGRPCConformanceProfile,
}

func main() {
	var list struct {
		Tests    []test    `json:"tests"`
		Profiles []profile `json:"profiles"`
	}
	for _, t := range tests.ConformanceTests {
		list.Tests = append(list.Tests, test{t.ShortName, t.Features, t.Parallel, t.Provisional})
	}
	for _, p := range profiles {
		list.Profiles = append(list.Profiles, profile{p.Name, sets.List(p.CoreFeatures), sets.List(p.ExtendedFeatures)})
	}
	if err := json.NewEncoder(os.Stdout).Encode(list); err != nil {
		panic(err)
	}
}
