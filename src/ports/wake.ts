/** Pokes: they only wake somebody to look at stored state. Losing one costs seconds (the sweep), doubling one costs nothing. */
export interface Wake {
  run(id: string): Promise<void>;
  incidentPages(id: string): Promise<void>;
  incidentChat(id: string): Promise<void>;
  card(id: string): Promise<void>;
}
