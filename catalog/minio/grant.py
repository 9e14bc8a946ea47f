"""One consumer's share of the server: a bucket, and a user that may use this one and no other. May be run again."""

import os
import sys

from minio import Minio, MinioAdmin
from minio.credentials import StaticProvider

address, name, secret = sys.argv[1], os.environ["GRANT_NAME"], os.environ["GRANT_SECRET"]
root = StaticProvider("stack", os.environ["ADMIN_SECRET"])
client = Minio(endpoint=address, credentials=root, secure=False)
admin = MinioAdmin(endpoint=address, credentials=root, secure=False)

if not client.bucket_exists(bucket_name=name):
    client.make_bucket(bucket_name=name)
resources = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": resources}]}
admin.policy_add(name, policy=policy)
admin.user_add(name, secret)
admin.policy_set(name, user=name)
