"""Restores the newest snapshot to the side, counts rows, and removes it again."""
import datetime as dt
import boto3

rds = boto3.client("rds", region_name="eu-central-1")


def newest(database: str) -> str:
    pages = rds.get_paginator("describe_db_snapshots").paginate(DBInstanceIdentifier=database)
    snapshots = [each for page in pages for each in page["DBSnapshots"]]
    return max(snapshots, key=lambda each: each["SnapshotCreateTime"])["DBSnapshotIdentifier"]


def rows(host: str) -> int:
    with connect(host) as session:
        return session.execute("select count(*) from items").scalar()


def main() -> int:
    name = f"restore-test-{dt.date.today():%Y%m%d}"
    try:
        rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=name,
            DBSnapshotIdentifier=newest("inventory-db"),
            Tags=[{"Key": "purpose", "Value": "restore-test"}],
        )
        rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier=name)
        answer = rds.describe_db_instances(DBInstanceIdentifier=name)
        found = rows(answer["DBInstances"][0]["Endpoint"]["Address"])
        print(f"{found} rows")
        return 0 if found > 1000 else 1
    finally:
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True)


if __name__ == "__main__":
    raise SystemExit(main())
