import { z } from "zod";

/** An identifier as RDS takes it: a letter first, single hyphens, none at the end. Most characters: an instance's 255, a cluster's 63. */
export const snapshotName = (most: number) =>
  z
    .string()
    .toLowerCase()
    .max(most)
    .regex(/^[a-z](?:-?[a-z0-9])*$/, "must begin with a letter and have single hyphens only");
