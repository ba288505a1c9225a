import { z } from "zod";

/** Booleans and numbers arrive as text from XML and as themselves from a spec. */
export const WireBoolean = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);
export const WireText = z.union([z.string(), z.number().transform(String)]);
