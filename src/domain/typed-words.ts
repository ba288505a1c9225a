/** What a copied word brings along unseen: zero-width characters, marks of direction, soft hyphens, joiners and variants of letters. */
const INVISIBLE = /\p{Cf}|\u034f|(?<=\p{L})[\ufe00-\ufe0f]/gu;
/** Letters that fill: they look like a blank. */
const FILLERS = /[\u115f\u1160\u3164\uffa0\u2800]/gu;
/** Hyphens and signs of minus that are none of the keyboard's; an en dash is one within a word only. */
const HYPHENS = /[\u2010-\u2012\u2212\ufe63\uff0d]|(?<=[\p{L}\p{N}])\u2013(?=[\p{L}\p{N}])/gu;

/** Letters that nobody can tell from these. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  ...{ а: "a", с: "c", ԁ: "d", е: "e", һ: "h", і: "i", ј: "j", ӏ: "l", о: "o", р: "p", ѕ: "s", у: "y", х: "x", ԝ: "w" },
  ...{ А: "A", В: "B", С: "C", Е: "E", Н: "H", І: "I", К: "K", М: "M", О: "O", Р: "P", Ѕ: "S", Т: "T", У: "Y", Х: "X" },
  ...{ ο: "o", ν: "v", α: "a", ι: "i", ρ: "p", Α: "A", Β: "B", Ε: "E", Ι: "I", Κ: "K", Μ: "M", Ν: "N", Ο: "O", Ρ: "P" },
  ...{ ı: "i" },
};
const LOOKS_ALIKE = new RegExp(`[${Object.keys(LOOK_ALIKES).join("")}]`, "gu");

/**
 * Typed words as they look: characters that only look like others of the same word (full-width letters, ligatures, a Cyrillic а among
 * Latin letters, hyphens of a text program) become those, and what nobody sees goes.
 */
export function asItLooks(typed: string): string {
  return typed
    .normalize("NFKC")
    .replaceAll(INVISIBLE, "")
    .replaceAll(FILLERS, " ")
    .replaceAll(HYPHENS, "-")
    .replaceAll(/\S+/g, inOneScript);
}

/** A word of another script alone is left as it is: somebody writes in that language. */
function inOneScript(word: string): string {
  return /[a-z0-9]/i.test(word) ? word.replaceAll(LOOKS_ALIKE, (letter) => LOOK_ALIKES[letter] ?? letter) : word;
}
