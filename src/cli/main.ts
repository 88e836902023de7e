#!/usr/bin/env node
/** The command line. What a command needs is imported when it runs, so that `sluice --version` answers at once. */
import {Command, Option} from 'commander';
import {CommandFailed} from './failure.ts';
import {version} from './version.ts';

const program = new Command('sluice')
  .description('A control plane for the Kubernetes Gateway API, for Envoy and agentgateway')
  .version(version)
  .showHelpAfterError('(sluice --help lists what there is)');

const files = (text: string): Option => new Option('-f, --file <path...>', text);
/** One path each time it is given, because what follows it may be an argument of the command. */
const repeated = (flags: string, text: string): Option =>
  new Option(flags, `${text}; may be given several times`).argParser(
    (path: string, paths: readonly string[] | undefined) => [...(paths ?? []), path],
  );
const filesBeforeArguments = (text: string): Option => repeated('-f, --file <path>', text);
const collections = repeated('--collections <file>', 'TypeScript or JavaScript module with collections of your own');
const config = new Option('-c, --config <file>', 'static configuration (config.sluice.dev/v1alpha1, kind Sluice)');
const admin = new Option('--admin <host:port>', 'admin address of the running instance (default: 127.0.0.1:19000)');
const output = (...choices: readonly string[]): Option =>
  new Option('-o, --output <format>', 'output format').choices(choices).default(choices[0]);
const fromFolder = 'folder or file of manifests to look at, instead of the running instance';

program
  .command('run')
  .description('read manifests, serve xDS, run the proxies')
  .addOption(config)
  .addOption(collections)
  .addOption(files('folder or file of manifests, instead of those the configuration names'))
  .action(async (options) => (await import('./run.ts')).run(options));

program
  .command('translate')
  .description('print what proxies and objects would be told, without a server')
  .addOption(files('folder or file of manifests').makeOptionMandatory())
  .addOption(config)
  .addOption(collections)
  .option('--gateway <namespace/name>', 'only what concerns this Gateway')
  .addOption(output('yaml', 'json'))
  .action(async (options) => (await import('./translate.ts')).translate(options));

program
  .command('check')
  .description('validate manifests; exit code 1 if there are problems')
  .addOption(files('folder or file of manifests').makeOptionMandatory())
  .addOption(config)
  .addOption(collections)
  .option('--strict', 'warnings (references that do not resolve, routes that are not accepted) count as problems')
  .action(async (options) => (await import('./check.ts')).check(options));

program
  .command('dump')
  .description('print the rows of a collection')
  .argument('<collection>', 'its name; a wrong one lists those there are')
  .addOption(filesBeforeArguments(fromFolder))
  .addOption(config)
  .addOption(collections)
  .addOption(admin)
  .option('--key <key>', 'only this row')
  .addOption(output('yaml', 'json'))
  .action(async (collection: string, options) => (await import('./dump.ts')).dump(collection, options));

program
  .command('graph')
  .description('print the graph of collections as a Mermaid flow chart')
  .addOption(files(fromFolder))
  .addOption(config)
  .addOption(collections)
  .addOption(admin)
  .action(async (options) => (await import('./graph.ts')).graph(options));

program
  .command('why')
  .description('explain why a row is as it is')
  .argument('<collection>')
  .argument('<key>')
  .addOption(filesBeforeArguments(fromFolder))
  .addOption(config)
  .addOption(collections)
  .addOption(admin)
  .addOption(output('text', 'json'))
  .action(async (collection: string, key: string, options) => (await import('./why.ts')).why(collection, key, options));

program
  .command('status')
  .description('print what Gateways and routes are told, the proxies, and what is wrong with the manifests')
  .addOption(files(fromFolder))
  .addOption(config)
  .addOption(collections)
  .addOption(admin)
  .option('--kubeconfig <file>', 'ask the cluster of this file instead; also where no instance runs on this machine')
  .option('--context <name>', 'of the kubeconfig, instead of its current one')
  .option('-n, --namespace <name>', 'of the cluster, this namespace only')
  .addOption(output('text', 'yaml', 'json'))
  .action(async (options) => (await import('./status.ts')).status(options));

// `sluice dump … | head` ends early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const expectedErrors = new Set(['ConfigError', 'ExtensionError', 'StateInUse']);

try {
  await program.parseAsync();
} catch (error) {
  // What a user can mend has a message; anything else is a bug and shows where it is.
  const expected = error instanceof CommandFailed || (error instanceof Error && expectedErrors.has(error.name));
  process.stderr.write(`${expected ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}
