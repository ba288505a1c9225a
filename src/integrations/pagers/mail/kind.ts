import { z } from "zod";
import type { PagerKind } from "../../../ports/pager-kind.ts";
import { createMail, NAME } from "./pager.ts";

const SERVER = /^(?:[A-Za-z0-9.-]+):\d{1,5}$/;

export const Settings = z
  .strictObject({
    server: z
      .string()
      .regex(SERVER, "must be host:port, such as smtp.example.com:587")
      .describe("The SMTP server, as host:port.")
      .meta({ examples: ["smtp.example.com:587"] }),
    tls: z
      .enum(["starttls", "implicit"])
      .default("starttls")
      .describe("`starttls`: encrypted from STARTTLS on; `implicit`: from the first byte. Never without."),
    from: z
      .email("must be an e-mail address")
      .describe("Sender of the mails.")
      .meta({ examples: ["twokey@example.com"] }),
  })
  .describe("Mail over SMTP. A mail only tells: it cannot be acknowledged, and the escalation goes on.")
  .meta({ examples: [{ server: "smtp.example.com:587", from: "twokey@example.com" }] });

export const mail: PagerKind = {
  name: NAME,
  traits: { label: "mail", sends: ["email"], mayUse: [], keepsIncidents: false, rings: false },
  settings: Settings,
  policy: z.email("must be an e-mail address, such as that of a mailing list"),
  rules: [],
  variables: [
    {
      ...{ name: "MAIL_USER", need: "optional", form: /^.*\S.*$/ },
      message: "must be the user name at the mail server",
      about: "User name at the mail server; absent: TwoKey does not sign in there.",
    },
    {
      ...{ name: "MAIL_PASSWORD", need: "optional", form: /^.*\S.*$/ },
      message: "must be the password at the mail server",
      about: "Password of that user.",
    },
    {
      ...{ name: "MAIL_HOST", need: "sandbox", form: SERVER },
      message: "must be host:port",
      about: "Sandbox: the mail server as host:port, plain TCP.",
    },
  ],
  addressOf: ({ email }) => email,
  open: ({ settings, variables }) => {
    const { server, tls, from } = Settings.parse(settings);
    const { MAIL_USER: user, MAIL_PASSWORD: password, MAIL_HOST: sandbox } = variables;
    return createMail({
      server: sandbox?.reveal() ?? server,
      tls: sandbox === undefined ? tls : "none",
      from,
      login: user && password ? { user, password } : undefined,
    });
  },
};
