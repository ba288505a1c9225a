import { isIPv4, isIPv6 } from "node:net";
import type { RecordSet } from "./route53-spec.ts";

/*
 * What Route 53 says of names and values that DNS cannot carry. The texts of addresses, quotes and labels follow what it is
 * known to answer; those of numbers of fields are approximations.
 */

interface ValueRule {
  readonly isValid: (value: string) => boolean;
  readonly problem: string;
}

const MAX_STRING_CHARACTERS = 255;
const MAX_LABEL_CHARACTERS = 63;
const MAX_NAME_CHARACTERS = 255;

/** A number first in each of these, and so many fields. */
const fieldsOf = (type: string, pattern: RegExp): ValueRule => ({
  isValid: (value) => pattern.test(value),
  problem: `${type}RRDATAIllegalFields (Value does not have the fields of a ${type} record)`,
});

/** Each quoted string is one character-string of DNS; the quotes do not count. */
const TEXT: readonly ValueRule[] = [
  {
    isValid: (value) => /^\s*"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*\s*$/.test(value),
    problem: "InvalidCharacterString (Value should be enclosed in quotation marks)",
  },
  {
    isValid: (value) => value.split('"').every((part) => part.length <= MAX_STRING_CHARACTERS),
    problem: "CharacterStringTooLong (Value is too long)",
  },
];

const VALUE_RULES: Partial<Record<RecordSet["Type"], readonly ValueRule[]>> = {
  A: [{ isValid: isIPv4, problem: "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)" }],
  AAAA: [{ isValid: isIPv6, problem: "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)" }],
  TXT: TEXT,
  SPF: TEXT,
  MX: [fieldsOf("MX", /^\d{1,5}\s+\S+$/)],
  SRV: [fieldsOf("SRV", /^(?:\d{1,5}\s+){3}\S+$/)],
  CAA: [fieldsOf("CAA", /^\d{1,3}\s+\w+\s+".*"$/)],
  HTTPS: [fieldsOf("HTTPS", /^\d{1,5}\s+\S+/)],
  SVCB: [fieldsOf("SVCB", /^\d{1,5}\s+\S+/)],
  TLSA: [fieldsOf("TLSA", /^(?:\d{1,3}\s+){3}[0-9a-fA-F]+$/)],
  SSHFP: [fieldsOf("SSHFP", /^(?:\d{1,3}\s+){2}[0-9a-fA-F]+$/)],
  NAPTR: [fieldsOf("NAPTR", /^(?:\d{1,5}\s+){2}(?:".*?"\s+){3}\S+$/)],
};

export function valueProblems(set: RecordSet): string[] {
  const values = (set.ResourceRecords ?? []).map(({ Value }) => Value);
  const rules = VALUE_RULES[set.Type] ?? [];
  const repeated = values.filter((value, at) => values.indexOf(value) < at);
  return [
    ...values.flatMap((value) => rules.filter(({ isValid }) => !isValid(value)).map((rule) => fatal(rule, value))),
    ...repeated.map((value) => `Duplicate Resource Record: '${value}'`),
    ...(set.Type === "CNAME" ? aliasNameProblems(set, values) : []),
  ];
}

const fatal = ({ problem }: Pick<ValueRule, "problem">, value: string): string =>
  `Invalid Resource Record: 'FATAL problem: ${problem} encountered with '${value}''`;

function aliasNameProblems({ Name, MultiValueAnswer }: RecordSet, values: readonly string[]): string[] {
  return [
    ...(values.length > 1 ? [`RRSet of type CNAME with DNS name ${Name} must have exactly one value`] : []),
    ...(MultiValueAnswer ? [`Multivalue answer routing is not allowed for CNAME record types`] : []),
  ];
}

export function nameProblems(name: string): string[] {
  const labels = name.replace(/\.$/, "").split(".");
  const tooLong = labels.filter((label) => label.length > MAX_LABEL_CHARACTERS);
  const isEmpty = labels.some((label) => label === "");
  return [
    ...tooLong.map(
      (label) => `FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '${label}'`,
    ),
    ...(isEmpty ? [`FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '${name}'`] : []),
    ...(name.length > MAX_NAME_CHARACTERS
      ? [`FATAL problem: DomainNameTooLong (Domain name is too long) encountered with '${name}'`]
      : []),
  ];
}
