-- SPDX-License-Identifier: ISC
-- Placement, adoption, repeated requests, and who may do what. New columns
-- are new tables: MySQL cannot repeat an ALTER TABLE ... ADD COLUMN.

-- What of a host may be used; NULL: the server's default.
CREATE TABLE IF NOT EXISTS host_limit (
  host VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  cpu_ratio INT NULL,
  memory_ratio INT NULL,
  reserve_vcpus INT NOT NULL DEFAULT 0,
  reserve_memory_mib INT NOT NULL DEFAULT 0,
  labels TEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
  CONSTRAINT host_limit_host FOREIGN KEY (host) REFERENCES host (name)
    ON DELETE CASCADE
) ENGINE=InnoDB;

-- A VM's labels, what it avoids and what it needs, with commas between them,
-- for its record; vm_label has the first two again, to be found by label.
CREATE TABLE IF NOT EXISTS vm_place (
  vm CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  labels TEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
  avoid TEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
  need TEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
  CONSTRAINT vm_place_vm FOREIGN KEY (vm) REFERENCES vm (uuid)
    ON DELETE CASCADE
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS vm_label (
  label VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind ENUM('label','avoid') CHARACTER SET ascii NOT NULL,
  vm CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (label, kind, vm),
  KEY vm (vm),
  CONSTRAINT vm_label_vm FOREIGN KEY (vm) REFERENCES vm (uuid)
    ON DELETE CASCADE
) ENGINE=InnoDB;

-- A domain that is being taken over: fetch its description, then mark it as
-- chime's; gone when that is done. reason: why the server cannot take it.
CREATE TABLE IF NOT EXISTS vm_adopt (
  vm CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  stage ENUM('fetch','mark') CHARACTER SET ascii NOT NULL DEFAULT 'fetch',
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  CONSTRAINT vm_adopt_vm FOREIGN KEY (vm) REFERENCES vm (uuid)
    ON DELETE CASCADE
) ENGINE=InnoDB;

-- Requests that were done, with their answers, for those who repeat them.
-- request_key is the Idempotency-Key; digest the SHA-256 of what was asked;
-- answer is sealed with the caller's token, which is nowhere here.
CREATE TABLE IF NOT EXISTS request (
  actor VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status INT NOT NULL DEFAULT 0,
  answer MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (actor, request_key),
  KEY created_at (created_at)
) ENGINE=InnoDB;

-- The roles of people, and of a machine that is about to become a host.
ALTER TABLE token MODIFY role ENUM('admin','agent','operator','viewer','join')
  CHARACTER SET ascii NOT NULL;

-- password: what crypt(3) makes of it.
CREATE TABLE IF NOT EXISTS user (
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  role ENUM('admin','operator','viewer') CHARACTER SET ascii NOT NULL,
  password VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL
) ENGINE=InnoDB;

-- The tokens that logins made, and whose they are.
CREATE TABLE IF NOT EXISTS token_user (
  token VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  user VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  KEY user (user),
  CONSTRAINT token_user_token FOREIGN KEY (token) REFERENCES token (id)
    ON DELETE CASCADE,
  CONSTRAINT token_user_user FOREIGN KEY (user) REFERENCES user (name)
    ON DELETE CASCADE
) ENGINE=InnoDB;

-- Passwords that were tried in the last minutes and were not right, or whose
-- trial is not over. who stands for the user, known or not.
CREATE TABLE IF NOT EXISTS login_try (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  who VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  peer VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at DATETIME(3) NOT NULL,
  KEY who (who, at),
  KEY peer (peer, at),
  KEY at (at)
) ENGINE=InnoDB;

-- Which machine a host is; refused_at: when another one was last told off.
CREATE TABLE IF NOT EXISTS host_machine (
  host VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  machine CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  refused_at DATETIME(3) NULL,
  CONSTRAINT host_machine_host FOREIGN KEY (host) REFERENCES host (name)
    ON DELETE CASCADE
) ENGINE=InnoDB;

-- The join tokens that were used, until they are purged as expired.
CREATE TABLE IF NOT EXISTS token_joined (
  token VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  host VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  refused_at DATETIME(3) NULL,
  CONSTRAINT token_joined_token FOREIGN KEY (token) REFERENCES token (id)
    ON DELETE CASCADE
) ENGINE=InnoDB;
