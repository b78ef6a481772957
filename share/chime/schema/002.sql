-- SPDX-License-Identifier: ISC
-- Placement, adoption and repeated requests. New columns are new tables:
-- MySQL cannot repeat an ALTER TABLE ... ADD COLUMN.

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
