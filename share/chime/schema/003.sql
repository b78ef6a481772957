-- SPDX-License-Identifier: ISC
-- What proves that a VM may be taken from its host.

-- What hosts' ledgers refuse, as they reported it with their inventories:
-- nothing of the VM at this generation or below is started there.
CREATE TABLE IF NOT EXISTS inventory_refused (
  host VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  vm CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation BIGINT NOT NULL,
  PRIMARY KEY (host, vm)
) ENGINE=InnoDB;

-- Hosts that a person says are off, since when; worth nothing once the host
-- reports again.
CREATE TABLE IF NOT EXISTS host_off (
  host VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  at DATETIME(3) NOT NULL,
  actor VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  CONSTRAINT host_off_host FOREIGN KEY (host) REFERENCES host (name)
    ON DELETE CASCADE
) ENGINE=InnoDB;
