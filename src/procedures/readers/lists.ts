import { type Act, everySetting, type Place, type Procedure, type Setting } from "../procedure.ts";

/** Lists of words in a document are read as steps, one after another. */
export function listsOf(settings: readonly Setting[], place: Place): Procedure[] {
  const found: Procedure[] = [];
  for (const setting of everySetting(settings)) {
    const steps = setting.children.map(stepOf);
    if (steps.length < 2 || setting.children[0]?.key !== "0" || steps.some((step) => step === undefined)) continue;
    found.push({
      ...{
        name: "",
        isPart: false,
        title: `${place.title} ${setting.path.join(" ")}`.trim(),
        file: place.file,
        line: setting.line,
        language: "list",
      },
      ...{
        isScript: false,
        stopsOnFailure: true,
        stopsOnUnset: true,
        traps: [],
        constants: new Map(),
        assigned: new Set(),
      },
      ...{ acts: steps.flatMap((step) => step ?? []), comparisons: [], fields: [] },
    });
  }
  return found;
}

/** A word, or a map with a name. */
function stepOf(item: Setting): Act | undefined {
  const name =
    item.text === undefined ? item.children.find(({ key }) => /^(?:name|step|do|task|action)$/i.test(key)) : item;
  if (name?.text === undefined || name.text === "") return undefined;
  return {
    ...{ line: name.line, name: name.text, service: undefined, options: new Map(), words: [], isOpen: true },
    ...{ note: "", isKept: false, isRepeated: false, isGuarded: false, within: [] },
  };
}
