-- SPDX-License-Identifier: ISC
-- The tables of chime, for MariaDB 10.11 and MySQL 8.
--
-- Migrations are NNN.sql, numbered from 001 without a gap, applied in order
-- by chime-schema(8) and never changed once released. A statement ends with a
-- semicolon at the end of a line; there is nothing but statements and lines
-- that start with "--". DDL commits by itself, so every statement can be
-- repeated: a migration that was cut short is run again from its start.
--
-- Identities are ascii_bin: compared byte by byte, and a key is short. Text of
-- people is utf8mb4. Every time is UTC.

CREATE TABLE IF NOT EXISTS schema_version (
  version INT NOT NULL PRIMARY KEY,
  applied_at DATETIME(3) NOT NULL
) ENGINE=InnoDB;

-- desired_rev: random at every change of what the host's agent should do.
CREATE TABLE IF NOT EXISTS host (
  name VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  admin ENUM('run','disabled','drained','down') CHARACTER SET ascii NOT NULL DEFAULT 'run',
  health ENUM('ok','silent','error','unreachable') CHARACTER SET ascii NOT NULL DEFAULT 'unreachable',
  health_reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  health_since DATETIME(3) NOT NULL,
  manage_ip VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  node_ip VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NULL,
  storage_ip VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NULL,
  rack VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  pong_port INT NOT NULL DEFAULT 8802,
  vcpus INT NULL,
  memory_mib INT NULL,
  desired_rev CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL
) ENGINE=InnoDB;

-- Written at every beat, so it is a table of its own; no index on seen_at:
-- it would cost each write more than the scans it saves.
CREATE TABLE IF NOT EXISTS heartbeat (
  host VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  boot CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  beat BIGINT UNSIGNED NOT NULL,
  desired_rev CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  observed_rev CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  health ENUM('ok','error') CHARACTER SET ascii NOT NULL,
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  seen_at DATETIME(3) NOT NULL
) ENGINE=InnoDB;

-- What hosts reported last: a VM may be on several, which is the point.
CREATE TABLE IF NOT EXISTS inventory (
  host VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  vm CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  want VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
  wish BIGINT NULL,
  generation BIGINT NULL,
  final TINYINT NOT NULL DEFAULT 0,
  restarts INT NULL,
  stray TINYINT NOT NULL DEFAULT 0,
  since VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (host, vm),
  KEY vm (vm)
) ENGINE=InnoDB;

-- live_name: a name is free again as soon as its VM is wanted deleted.
-- grace_ms is the one in force, grace_config_ms the one asked for when the
-- VM was made: a stop may bring its own, the next start takes it back.
-- host_use serves the sums of what a host's VMs take without the rows.
CREATE TABLE IF NOT EXISTS vm (
  uuid CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  name VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  host VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  want ENUM('running','stopped','deleted') CHARACTER SET ascii NOT NULL,
  wish BIGINT NOT NULL DEFAULT 1,
  generation BIGINT NOT NULL DEFAULT 1,
  restart ENUM('on-failure','always','never') CHARACTER SET ascii NOT NULL DEFAULT 'on-failure',
  failover ENUM('manual','auto') CHARACTER SET ascii NOT NULL DEFAULT 'manual',
  vcpus INT NOT NULL,
  memory_mib INT NOT NULL,
  grace_ms INT NOT NULL,
  grace_config_ms INT NOT NULL DEFAULT 30000,
  spec MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  changed_at DATETIME(3) NOT NULL,
  live_name VARCHAR(63) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    GENERATED ALWAYS AS (CASE WHEN want = 'deleted' THEN NULL ELSE name END) STORED,
  UNIQUE KEY live_name (live_name),
  KEY host_use (host, want, memory_mib, vcpus)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS event (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  ts DATETIME(3) NOT NULL,
  level ENUM('info','warning','alert') CHARACTER SET ascii NOT NULL,
  kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  host VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NULL,
  vm CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  actor VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  text VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  data TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  KEY host (host, id),
  KEY vm (vm, id)
) ENGINE=InnoDB;

-- Tokens themselves are nowhere: hash is the SHA-256 of one, in hex.
CREATE TABLE IF NOT EXISTS token (
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  id VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  role ENUM('admin','agent') CHARACTER SET ascii NOT NULL,
  host VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NULL,
  note VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NULL,
  UNIQUE KEY id (id),
  KEY host (host)
) ENGINE=InnoDB;
