import type { Methods } from "../method.ts";
import { APP_METHODS } from "./app.ts";
import { CHANNEL_METHODS } from "./channels.ts";
import { CHAT_METHODS } from "./chat.ts";
import { HISTORY_METHODS } from "./history.ts";
import { MARK_METHODS } from "./marks.ts";
import { PEOPLE_METHODS } from "./people.ts";
import { VIEW_METHODS } from "./surfaces.ts";

/** Every method that the simulated Slack knows; anything else answers unknown_method. */
export const METHODS: Methods = {
  ...APP_METHODS,
  ...CHANNEL_METHODS,
  ...CHAT_METHODS,
  ...HISTORY_METHODS,
  ...MARK_METHODS,
  ...PEOPLE_METHODS,
  ...VIEW_METHODS,
};
