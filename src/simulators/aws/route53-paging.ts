import { z } from "zod";
import { AwsError, XmlList } from "./service.ts";

const PageInput = z.looseObject({
  Marker: z.string().optional(),
  MaxItems: z.coerce.number().int().min(1).optional(),
});

const LARGEST_PAGE = 100;

/** One page of a list by marker: `{element}s`, Marker, IsTruncated, NextMarker and MaxItems. */
export function pageOf<T extends { readonly id: string }>(
  element: string,
  { all, shown }: { readonly all: readonly T[]; readonly shown: (entry: T) => Record<string, unknown> },
  input: unknown,
): Record<string, unknown> {
  const parsed = PageInput.safeParse(input);
  if (!parsed.success) throw new AwsError("InvalidInput", z.prettifyError(parsed.error));
  const { Marker, MaxItems = LARGEST_PAGE } = parsed.data;
  const from = Marker === undefined ? 0 : all.findIndex((entry) => entry.id === Marker);
  if (from < 0) throw new AwsError("InvalidInput", `The marker ${Marker} is not valid.`);
  const maxItems = Math.min(MaxItems, LARGEST_PAGE);
  const next = all[from + maxItems];
  return {
    [`${element}s`]: new XmlList(element, all.slice(from, from + maxItems).map(shown)),
    Marker: Marker ?? "",
    IsTruncated: next !== undefined,
    NextMarker: next?.id,
    MaxItems: String(maxItems),
  };
}
