"""One consumer's share of the server: a user and a database of the same name. May be run again."""

import os

import pymysql

name, port, secret = os.environ["GRANT_NAME"], int(os.environ["ADMIN_PORT"]), os.environ["ADMIN_SECRET"]
server = pymysql.connect(host="127.0.0.1", port=port, user="stack", password=secret, autocommit=True)
with server, server.cursor() as cursor:
    cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
    cursor.execute(f"CREATE OR REPLACE USER `{name}`@'%%' IDENTIFIED BY %s", (os.environ["GRANT_SECRET"],))
    cursor.execute(f"GRANT ALL ON `{name}`.* TO `{name}`@'%'")
