/** World seconds a second, between the jumps: what is played takes seconds, and people wait for minutes of the world. */
export const SOAK_SPEED = 30;
