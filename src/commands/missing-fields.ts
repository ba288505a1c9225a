/** For each field that is empty: what to write. Keyed by the field's id, as a form shows it. */
export function missingFields(
  labels: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([id]) => (given[id] ?? "").trim() === ""));
}
