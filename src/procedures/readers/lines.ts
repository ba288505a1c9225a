/** The line of each place in a text; lines count from 1, after `before` lines of the file around it. */
export function lineFinder(text: string, before = 0): (at: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (at) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return before + low + 1;
  };
}

/** The comments right above a line, and one that stands behind it. `line` counts from 1 in these lines. */
export function commentAbove(lines: readonly string[], line: number, mark = "#"): string {
  const said: string[] = [];
  for (let at = line - 2; at >= 0; at -= 1) {
    const text = (lines[at] ?? "").trim();
    if (!text.startsWith(mark) || text.startsWith("#!")) break;
    said.unshift(text.slice(mark.length).trim());
  }
  return said.join(" ");
}
