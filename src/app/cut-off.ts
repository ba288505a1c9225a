import type { Answers } from "../integrations/aws/answers.ts";
import type { Proof } from "../ports/proof.ts";
import type { CutOffForMs } from "../ports/reach.ts";
import { eitherOf } from "../ports/signals.ts";

interface Ways {
  /** One harmless call each. */
  readonly vendors: () => readonly Pick<Proof, "prove">[];
  /** Its reads. */
  readonly aws: Pick<Answers, "sinceAnswerMs" | "sinceFailureMs" | "askAgain" | "cutOff">;
  /** Machine time. */
  readonly now?: () => number;
}

interface Asked {
  readonly atMs: number;
  readonly isAnswered: Promise<boolean>;
  /** Undefined: it is under way. */
  found: boolean | undefined;
}

/**
 * Machine times: for one harmless call; for which an answer, or that there was none, counts while a run goes on; and for which an answer of
 * AWS does before something is said of the world.
 */
const ASK_MS = 10_000;
const LATELY_MS = 20_000;
const NOW_MS = 2_000;

/**
 * Whether this process is cut off, and for how much machine time: AWS answers no read of it, and no vendor answers it now. They are asked
 * only in the first case, and with them each region, of what it has answered before: the newest read is nearly always one that a dark
 * region has not answered, and the other side may be all that still answers.
 */
export function cutOffFor({ vendors, aws, now = () => performance.now() }: Ways): CutOffForMs {
  let answeredMs = now();
  let asked: Asked | undefined;
  const silentMs = () => Math.min(aws.sinceAnswerMs(), now() - answeredMs);
  /** No read has failed since the newest answer: what was seen is no older than that. */
  const isAnsweredNow = () => aws.sinceAnswerMs() < NOW_MS && aws.sinceAnswerMs() <= aws.sinceFailureMs();
  const ask = () => {
    const atMs = now();
    const asks = [
      aws.askAgain.bind(aws),
      ...vendors().map((proof) => (signal: AbortSignal) => answered(proof, signal)),
    ];
    // What a region has answered to others meanwhile is an answer too.
    const isAnswered = anyAnswers(asks).then((any) => any || aws.sinceAnswerMs() < now() - atMs);
    const asking: Asked = { atMs, isAnswered, found: undefined };
    void asking.isAnswered.then((isAnswered) => {
      asking.found = isAnswered;
      if (isAnswered) answeredMs = now();
      aws.cutOff(!isAnswered);
    });
    return asking;
  };
  /** It is under way, or nobody has answered it lately, nor AWS since: who is cut off does not wait for that again and again. */
  const stands = ({ atMs, found }: Asked) =>
    found === undefined || (!found && now() - atMs < LATELY_MS && aws.sinceAnswerMs() > now() - atMs);
  return async (asOf) => {
    if (asOf === "now" ? isAnsweredNow() : silentMs() < LATELY_MS) return undefined;
    if (!asked || !stands(asked)) asked = ask();
    return (await asked.isAnswered) ? undefined : silentMs();
  };
}

type Asking = (signal: AbortSignal) => Promise<void>;

/** Resolves at the first answer, whatever it says. */
async function anyAnswers(asks: readonly Asking[]): Promise<boolean> {
  const ending = new AbortController();
  const signal = eitherOf(ending.signal, AbortSignal.timeout(ASK_MS));
  const inTime = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("there was no answer in time")));
  });
  try {
    await Promise.any(asks.map((ask) => Promise.race([ask(signal), inTime])));
    return true;
  } catch {
    return false;
  } finally {
    inTime.catch(() => undefined);
    ending.abort();
  }
}

/** Throws where nobody has. */
async function answered(proof: Pick<Proof, "prove">, signal: AbortSignal): Promise<void> {
  const proven = await proof.prove(signal);
  // What no call can show was not answered either.
  const isProven = proven.kind === "ok" || proven.kind === "wrong";
  if (!isProven && proven.isAnswered !== true) throw new Error(proven.kind);
}
