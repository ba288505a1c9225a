// Who may import whom. Each rule prints its reason; `npm run architecture` checks them.
const ENTRY = "^src/(main|cli|demo|world|bench|soak)\\.ts$";

const startOf = (path) => (path.endsWith(".ts") ? `^src/${path}$` : `^src/${path}/`);

/** One rule a folder: what it may import of ours, a folder or a file. Everything not listed is refused. */
const mayImport = (folder, allowed, comment) => ({
  name: `${folder}-imports`,
  comment,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^src/", pathNot: [`^src/${folder}/`, ...allowed.map(startOf)] },
});

const homeOf = (packages, home, comment) => ({
  name: `home-of-${packages.replaceAll(/[^a-z]+/g, "-")}`,
  comment,
  severity: "error",
  from: { path: "^src/", pathNot: [home, "^src/simulators/"] },
  to: { path: `node_modules/${packages}` },
});

export default {
  forbidden: [
    {
      name: "no-cycles",
      comment: "A cycle means two nouns that are really one.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    mayImport("domain", [], "The domain is nouns and rules: it knows nothing of ours and does no I/O."),
    mayImport("ports", ["domain"], "A port is spoken in domain words only."),
    mayImport("views", ["domain"], "A view is a pure function from domain to card."),
    mayImport("flows", ["ports", "domain"], "A runbook reads the world through ports and decides with domain rules."),
    mayImport("engine", ["ports", "domain"], "The engine knows no runbook and no vendor."),
    mayImport(
      "commands",
      ["engine", "flows", "views", "ports", "domain"],
      "An intent is the same whatever door it came through.",
    ),
    mayImport(
      "procedures",
      ["ports", "domain", "flows/resources"],
      "A linter of texts reads and judges: it runs nothing and asks nobody.",
    ),
    {
      ...mayImport("jobs", ["engine", "flows", "ports", "domain"], "A job handler is thin: it wakes the engine."),
      // The next rule is for these.
      from: { path: "^src/jobs/", pathNot: "^src/jobs/looks/" },
    },
    mayImport(
      "jobs/looks",
      ["flows", "views", "ports", "domain"],
      "What a process looks at by itself drives no run: it reads through ports, and tells people in the words of views.",
    ),
    mayImport("doors", ["commands", "views", "ports", "domain"], "A door translates; it decides nothing."),
    mayImport("store", ["ports", "domain"], "The store keeps what the domain decided."),
    mayImport(
      "config",
      ["domain", "ports", "doors/kinds.ts", "integrations/pagers", "flows/resources"],
      "Configuration becomes domain nouns; what a kind of door, pager or resource adds to the file stands in its table.",
    ),
    mayImport(
      "flows/resources",
      ["flows/steps", "ports", "domain"],
      "A kind knows its own settings, shared steps and the world, and no runbook.",
    ),
    mayImport(
      "flows/runbooks",
      ["flows/observe.ts", "flows/resources", "flows/steps", "ports", "domain"],
      "A runbook plans with what kinds and steps bring, and knows nobody who is called or paged.",
    ),
    mayImport("flows/steps", ["ports", "domain"], "A step that several kinds share knows none of them."),
    mayImport("integrations", ["ports", "domain", "views"], "An adapter implements our ports with one vendor's SDK."),
    mayImport("simulators", [], "The simulated world must not know the software it judges."),
    {
      name: "app-is-on-top",
      comment: "Parts are handed what they need; only what starts the whole knows how it is put together.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/(app|sandbox)/", ENTRY] },
      to: { path: "^src/app/" },
    },
    {
      name: "app-only-puts-together",
      comment: "What looks again and again, or calls people by itself, is a job: src/jobs/looks.",
      severity: "error",
      from: { path: "^src/app/" },
      to: { path: "^src/(flows/reach/reach|jobs/looks/(looking|outage))\\.ts$" },
    },
    {
      name: "kinds-of-resources-are-closed",
      comment: "All that is known of a kind lies in its folder; the rest of the house sees the table.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/flows/resources/((stores|compute|entrances)/|index\\.ts$)" },
      to: { path: "^src/flows/resources/(stores|compute|entrances)/" },
    },
    {
      name: "kinds-of-resources-know-no-other",
      comment: "A kind that needs another one is one kind, or misses a noun that both share.",
      severity: "error",
      from: { path: "^src/flows/resources/(stores|compute|entrances)/([^/]+)/" },
      to: { path: "^src/flows/resources/(stores|compute|entrances)/", pathNot: "^src/flows/resources/$1/$2/" },
    },
    {
      name: "kinds-of-pagers-are-closed",
      comment: "All that is known of a pager lies in its folder; the rest of the house sees the table.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(integrations/pagers|sandbox)/" },
      to: { path: "^src/integrations/pagers/[^/]+/" },
    },
    {
      name: "runbooks-are-closed",
      comment:
        "All that is known of a runbook lies in its folder; the rest of the house sees the table. Its steps stand in the one table of steps.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/flows/runbooks/", "^src/flows/index\\.ts$", "^src/sandbox/"] },
      to: { path: "^src/flows/runbooks/[^/]+/" },
    },
    {
      name: "a-reader-has-no-jobs",
      comment: "What answers in a terminal reads: it takes no work from a queue.",
      severity: "error",
      from: { path: "^src/app/client\\.ts$" },
      // How long things are kept is a table that the stores read.
      to: { path: "^src/jobs/", pathNot: "^src/jobs/retention\\.ts$", reachable: true },
    },
    {
      name: "runbooks-know-no-other",
      comment: "Runbooks share steps and parts of plans, and nothing of each other.",
      severity: "error",
      from: { path: "^src/flows/runbooks/([^/]+)/" },
      to: { path: "^src/flows/runbooks/[^/]+/", pathNot: "^src/flows/runbooks/$1/" },
    },
    {
      name: "simulators-stay-outside",
      comment: "Production code must not know the simulated world.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/simulators/", "^src/sandbox/", ENTRY] },
      to: { path: "^src/(simulators|sandbox)/" },
    },
    {
      name: "the-image-has-no-simulators",
      comment: "What production starts reaches nothing of the simulated world, however indirectly.",
      severity: "error",
      from: { path: "^src/(main|cli)\\.ts$" },
      to: { path: "^src/(simulators|sandbox)/", reachable: true },
    },
    {
      name: "domain-is-pure",
      comment: "The domain may use the schema library and pure node modules only.",
      severity: "error",
      from: { path: "^src/domain/" },
      to: { path: "node_modules/", pathNot: "node_modules/zod/" },
    },
    homeOf("@slack/", "^src/(doors|integrations)/slack/", "Bolt lives in doors/slack and integrations/slack."),
    homeOf("@aws-sdk/", "^src/integrations/aws/", "The AWS SDK lives in integrations/aws."),
    homeOf("@pagerduty/", "^src/integrations/pagers/pagerduty/", "pdjs lives behind its wrapper."),
    homeOf(
      "(https-proxy-agent|agent-base|undici)/",
      "^src/integrations/network/",
      "Proxies live in integrations/network.",
    ),
    homeOf("nodemailer/", "^src/integrations/pagers/mail/", "nodemailer lives behind the pager that it is for."),
    homeOf("(pg|mysql2)/", "^src/integrations/databases/", "Drivers of databases live behind their port."),
    homeOf("(unbash|@lezer)/", "^src/procedures/readers/", "Parsers of other people's texts live with their readers."),
    homeOf("bullmq/", "^src/jobs/", "BullMQ lives in jobs."),
    homeOf(
      "ioredis/",
      "^src/(store|jobs|sandbox/own-redis)/",
      "ioredis lives in the store; jobs hand BullMQ its connections.",
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".js"] },
    moduleSystems: ["es6", "cjs"],
  },
};
