import type { Plan, StepRole } from "./plan.ts";

/** After these users are on the new side, moved by TwoKey or by people. */
export const MOVES_USERS: readonly StepRole[] = ["moves-users", "waits-for-people"];

/** Users were served when it was made, as far as was seen: of a move they are without the service from its fence on. */
export const isServing = ({ mode, acceptances }: Plan): boolean =>
  mode === "planned" || acceptances.some(({ speaksAgainst }) => speaksAgainst);
