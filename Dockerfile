# syntax=docker/dockerfile:1
# Pinned to a release, so that two builds of one commit run the same Node. A tag can be moved by its publisher: where the
# build has to be reproducible to the byte, pass the digest that `docker buildx imagetools inspect node:24.21.0-bookworm-slim`
# shows, as --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
# The lists first: a change in the sources does not fetch the packages again.
COPY package.json package-lock.json ./
# No package's own script runs: none is needed, and each would be foreign code in the build.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json tsconfig.image.json rolldown.config.mjs ./
COPY src ./src
# Only what the bot and the terminal reach: no simulated world is in the image.
RUN npm run build:image

FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    TWOKEY_CONFIG=/etc/twokey/twokey.yaml \
    TWOKEY_LEDGER_DIR=/var/lib/twokey/ledger \
    TWOKEY_HTTP_HOST=0.0.0.0 \
    TWOKEY_HTTP_PORT=3000 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
# The program belongs to root and the bot may not change it. /var/lib/twokey is the only place it writes to, so the root file
# system can be read-only.
RUN install -d -o node -g node -m 0700 /var/lib/twokey
COPY package.json LICENSE ./
COPY --from=packages /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
USER node
VOLUME /var/lib/twokey
EXPOSE 3000
# Alive, not ready: while Redis or Slack are away the bot must not be restarted for it. /readyz tells a load balancer.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "require('node:http').get({ host: '127.0.0.1', port: process.env.TWOKEY_HTTP_PORT, path: '/healthz', timeout: 2000 }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('timeout', () => process.exit(1)).on('error', () => process.exit(1))"]
# No shell in between: the bot itself gets SIGTERM and hands its work over. It starts no processes of its own here, so there
# is nothing for an init to reap. As the first process it cannot kill itself: where a call of a dead disk keeps it from its end, it
# aborts (exit 134 or 139), which may write a core file. With `docker run --init` (in compose: `init: true`) it is killed (137) instead.
STOPSIGNAL SIGTERM
# The bot idles most of its life, and start-up leaves garbage that would otherwise stay resident: V8's is collected sooner, and what
# it gives back the C library keeps no more. None of these limits the heap.
CMD ["node", "--no-experimental-detect-module", "--max-semi-space-size=8", "--initial-old-space-size=32", "--heap-growing-percent=30", "dist/bot/main.js"]
