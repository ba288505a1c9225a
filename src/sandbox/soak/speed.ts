/** World seconds a second while an incident is played: people wait for minutes of the world. */
export const PLAYING_SPEED = 30;
/** Between the jumps: what looks at the world every half minute should cost what it costs. */
export const SOAK_SPEED = 1;
/** Of users and jobs: at their ordinary pace a year of what they write fills the memory of a machine. */
export const SOAK_WRITE_SECONDS = 600;
/** A year of posts would wait for Slack's limits longer than for anything else: its minute is over in half a second. */
export const SOAK_SLACK_MINUTE_MS = 500;
