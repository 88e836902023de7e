/** As in queries of an API server: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api */
export function isLabelSelector(text: string): boolean {
  const key = String.raw`([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?`;
  const value = String.raw`([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?`;
  const values = String.raw`\(\s*${value}(\s*,\s*${value})*\s*\)`;
  const requirement = String.raw`\s*(!\s*${key}|${key}(\s*(=|==|!=)\s*${value}|\s+(not)?in\s+${values})?)\s*`;
  return new RegExp(`^${requirement}(,${requirement})*$`).test(text);
}
