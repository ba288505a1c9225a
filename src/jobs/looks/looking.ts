/** Looks now and then every so many ms of machine time. One that hangs takes longer than the next one is away: there is one at a time. */
export function lookingEvery(
  everyMs: number,
  look: () => Promise<void>,
  failed: (error: unknown) => void,
): { stop(): void } {
  let isLooking = false;
  const safely = () => {
    if (isLooking) return;
    isLooking = true;
    void look()
      .catch(failed)
      .finally(() => {
        isLooking = false;
      });
  };
  const timer = setInterval(safely, everyMs);
  safely();
  return { stop: () => clearInterval(timer) };
}
