/** Wake-ups: they only wake somebody to look at stored state. Losing one costs seconds (the sweep), doubling one costs nothing. */
export interface Wake {
  run(id: string): Promise<void>;
  /** People who are needed for a run; never holds the run itself up. */
  runCalls(id: string): Promise<void>;
  incidentPages(id: string): Promise<void>;
  /** The pager says that something changed: read its truth now. */
  incidentEvidence(id: string): Promise<void>;
  incidentChat(id: string): Promise<void>;
  card(id: string): Promise<void>;
}
