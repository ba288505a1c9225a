import { SlackError } from "../errors.ts";
import type { Methods } from "../method.ts";
import { botIdOf } from "../workspace.ts";

export const APP_METHODS: Methods = {
  "auth.test": {
    tier: "none",
    scopes: [],
    handle: ({ app, workspace }) => {
      const { team } = workspace.spec;
      return {
        url: `https://${team.domain}.slack.com/`,
        team: team.name,
        team_id: team.id,
        user: app.name.toLowerCase(),
        user_id: app.botUserId,
        bot_id: botIdOf(app),
        app_id: app.appId,
        is_enterprise_install: false,
        ...(team.enterpriseId === undefined ? {} : { enterprise_id: team.enterpriseId }),
      };
    },
  },
  /** Documented as tier 3 (Slack's Java SDK lists tier 1); `rateLimits` of the specification tightens it. */
  "apps.connections.open": {
    tier: 3,
    token: "app",
    scopes: ["connections:write"],
    handle: ({ app, socketUrl }) => {
      // What Slack answers with Socket Mode switched off is not documented; this is the nearest documented error.
      if (app.requestUrl !== undefined) throw new SlackError("forbidden_team");
      return { url: socketUrl(app) };
    },
  },
};
