/**
 * Words that an on-call engineer at three in the morning would not write, and what to write instead. This list is the only
 * place: the test beside it looks for them in every view, every `UserError` and every document.
 */
export const WORDS_TO_AVOID: Readonly<Record<string, string>> = {
  whoever: "name who it is: the person who …, an approver",
  whomever: "name who it is",
  whosoever: "name who it is",
  anew: "again, or: a new …",
  thereof: "of it",
  therein: "in it",
  thereby: "by that",
  hereby: "leave it out",
  hitherto: "until now",
  henceforth: "from now on",
  whilst: "while",
  "none of them": "does not count, or: neither",
  "nobody shall": "nobody may, or: you cannot",
  shall: "must, will or may",
  "of before": "earlier",
  "of late": "recently",
  "for ever": "for good, or: without end",
  "in vain": "for nothing",
  "on the facts of now": "on what is seen now",
  "as good as": "almost",
  "it takes approvers": "an approver must agree",
};

/** Words a sentence, on average over a file. */
export const MOST_WORDS_ON_AVERAGE = 20;
/** Words of the longest sentence that a person is told on a card or in an answer. */
export const LONGEST_SENTENCE = 30;
/** A line of a card on a phone, in characters, and the lines within which what is asked and its buttons must lie. */
export const PHONE_WIDTH = 45;
export const PHONE_SCREEN_LINES = 25;
