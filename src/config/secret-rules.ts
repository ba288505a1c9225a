import { pipelineProblems } from "./pipeline-environment.ts";
import type { EnvironmentProblem } from "./problem.ts";
import { fileVariable, type ReadSecrets } from "./secret-files.ts";
import type { JudgeSecret } from "./secrets.ts";
import { VARIABLES } from "./variables.ts";

/** Problems of the environment, where a secret stands in a file by the variable that names the file. */
export function saidOfFiles(
  problems: readonly EnvironmentProblem[],
  { files, problems: unread }: Pick<ReadSecrets, "files" | "problems">,
): EnvironmentProblem[] {
  const others = problems.filter(({ variable }) => !unread.has(variable));
  const said = others.map((problem): EnvironmentProblem => {
    const file = files.get(problem.variable);
    return file && problem.instead.startsWith("it must ")
      ? { ...problem, ...unusable(problem.variable, file.path) }
      : problem;
  });
  return [...unread.values(), ...said];
}

const unusable = (variable: string, path: string) => ({
  variable: fileVariable(variable),
  what: `names ${path}, which holds a value that cannot be used`,
});

/** What a running bot asks of a new value: the form that was asked at the start, and that it leads to the same store and ledger. */
export const judgeSecret: JudgeSecret = ({ variable, before, next }) => {
  const instead = wrongForm(variable, next);
  if (instead !== undefined) return { what: "names a file that holds a value that cannot be used", instead };
  return STAYS[variable]?.(before, next);
};

function wrongForm(variable: string, value: string): string | undefined {
  const [ofPipelines] = pipelineProblems({ [variable]: value });
  if (ofPipelines) return ofPipelines.instead;
  const schema = Object.entries(VARIABLES.shape).find(([name]) => name === variable)?.[1];
  const wrong = schema?.safeParse(value).error?.issues[0]?.message;
  return wrong === undefined ? undefined : `it ${wrong}`;
}

/** What cannot change while a process runs. */
const STAYS: Readonly<
  Record<string, (before: string, next: string) => Pick<EnvironmentProblem, "what" | "instead"> | undefined>
> = {
  TWOKEY_LEDGER_KEY: (before, next) =>
    before === next
      ? undefined
      : {
          what: "names a file whose key has changed, and the ledger is sealed with the one before",
          instead: "put the key back that was there: a ledger keeps its key",
        },
  // Another store is claimed and compared with the ledger at a start only.
  REDIS_URL: (before, next) =>
    withoutAccount(before) === withoutAccount(next)
      ? undefined
      : {
          what: "names a file whose URL leads to another server or database now",
          instead: "put the address back, or restart TwoKey: only user and password change while it runs",
        },
};

function withoutAccount(url: string): string {
  if (!URL.canParse(url)) return "";
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  // ioredis takes these where nothing stands in front of the host.
  for (const parameter of ["username", "password"]) bare.searchParams.delete(parameter);
  return bare.href;
}
