#!/bin/bash
# Moves the inventory to Frankfurt. Ask a second person before you run it.
set -Eeuo pipefail

readonly ZONE=Z0HOSTEDZONE
readonly REPLICA=inventory-db-replica
readonly REGION=eu-central-1
saved="saved-$(date -u +%H%M%S).json"

say() { printf '%s %s\n' "$(date -u +%T)" "$*" >&2; }

lag() {
  aws cloudwatch get-metric-statistics --namespace AWS/RDS --metric-name ReplicaLag \
    --dimensions "Name=DBInstanceIdentifier,Value=$REPLICA" --region "$REGION" \
    --start-time "$1" --end-time "$2" --period 60 --statistics Maximum \
    --query 'max_by(Datapoints, &Timestamp).Maximum' --output text
}

scale_out() {
  aws ecs update-service --cluster standby --service inventory --desired-count 4 --region "$REGION" \
    --query 'service.desiredCount'
  aws ecs wait services-stable --cluster standby --services inventory --region "$REGION"
}

promote() {
  say "the lag is $(lag "$1" "$2") s"
  aws rds promote-read-replica --db-instance-identifier "$REPLICA" --region "$REGION" > /dev/null
  until [[ "$(aws rds describe-db-instances --db-instance-identifier "$REPLICA" --region "$REGION" \
      --query 'DBInstances[0].ReadReplicaSourceDBInstanceIdentifier' --output text)" == None ]]; do
    sleep 10
  done
  aws rds wait db-instance-available --db-instance-identifier "$REPLICA" --region "$REGION"
}

move_users() {
  aws route53 list-resource-record-sets --hosted-zone-id "$ZONE" --query 'ResourceRecordSets' > "$saved"
  cat > change.json <<JSON
{
  "Changes": [{
    "Action": "UPSERT",
    "ResourceRecordSet": {
      "Name": "api.inventory.example",
      "Type": "A",
      "AliasTarget": {
        "HostedZoneId": "Z215JYRZR1TBD5",
        "DNSName": "standby-1.eu-central-1.elb.amazonaws.com",
        "EvaluateTargetHealth": false
      }
    }
  }]
}
JSON
  change=$(aws route53 change-resource-record-sets --hosted-zone-id "$ZONE" --change-batch file://change.json \
    --query ChangeInfo.Id --output text)
  aws route53 wait resource-record-sets-changed --id "$change"
}

[ $# -eq 2 ] || { say "from and to, please"; exit 2; }
scale_out
promote "$1" "$2"
move_users
curl --fail --retry 5 --retry-delay 2 https://api.inventory.example/health
