/**
 * Every fake there is, by the port that it stands for, one a port. They are for tests of what is decided. How a vendor behaves is asked
 * of the simulated world (`src/simulators`), with its SDK in between.
 */
// Who asks: a person, or a guest.
export { guest, who } from "./asker.ts";
// `Broken`: what breaks again and again is told nobody.
export { TELLS_NOBODY } from "./broken.ts";
// `Chat`: keeps every message and every call. Its weather loses answers and requests; single calls go wrong, or a method is changed.
export { RecordedChat } from "./chat.ts";
// `Clock`: stands until it is moved; or says what the test says, and sleeps no time.
export { clockAt, MINUTE, START_MS, type TestClock, testClock } from "./clock.ts";
// `Cloud` and all its ports: answers what the test says, and refuses the rest or asks another one. `guardedCloud`: as the engine has it. `acceptingActs`: takes what changes something.
export { acceptingActs, fakeCloud, guardedCloud, type SaidCloud } from "./cloud.ts";
// `Documents`: in memory, with every call in a later turn.
export { type MemoryRecords, memoryDocuments } from "./documents.ts";
// `Guard`: of somebody who asks nobody.
export { UNASKED } from "./guard.ts";
// `Ledger`: takes everything, and agrees with every store.
export { quietLedger } from "./ledger.ts";
// `Logger`: silent, or one that keeps its lines.
export { type Line, memoryLogger, silent } from "./logger.ts";
// What the cloud of a service says on an ordinary day.
export { type Change, countOf, ordinaryDay } from "./ordinary-day.ts";
// `Pagers`: one keeper, which keeps what it was asked or answers what the test says; and one that only tells, by mail.
export { ACCEPTED, ASKED, pagersWith, RecordedPager, recordedMail, type Weather } from "./pager.ts";
// What the cloud says on a day that the test has made.
export { seenDay } from "./seen-day.ts";
// What a step is given.
export { contextIn } from "./step-context.ts";
