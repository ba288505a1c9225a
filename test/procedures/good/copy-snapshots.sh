#!/usr/bin/env bash
# Copies the newest snapshot of each database to the other region.
set -euo pipefail
shopt -s nullglob

HOME_REGION=eu-west-1
AWAY_REGION=eu-central-1
databases=(inventory-db payments-db "locations-db")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

newest() {
  local db=$1
  aws rds describe-db-snapshots --region "$HOME_REGION" --db-instance-identifier "$db" \
    --query 'reverse(sort_by(DBSnapshots[?Status==`available`], &SnapshotCreateTime))[0].DBSnapshotArn' --output text
}

for db in "${databases[@]}"; do
  arn=$(newest "$db")
  if [[ -z "$arn" || "$arn" == None ]]; then
    echo "no snapshot of $db" >&2
    continue
  fi
  target="$db-$(date -u +%Y%m%d)"
  aws rds copy-db-snapshot --region "$AWAY_REGION" --source-region "$HOME_REGION" \
    --source-db-snapshot-identifier "$arn" --target-db-snapshot-identifier "$target" \
    --kms-key-id alias/rds-copies --copy-tags | jq -r '.DBSnapshot.Status' > "$work/$db"
done

for db in "${databases[@]}"; do
  aws rds wait db-snapshot-available --region "$AWAY_REGION" --db-snapshot-identifier "$db-$(date -u +%Y%m%d)" &
done
wait
cat "$work"/*
