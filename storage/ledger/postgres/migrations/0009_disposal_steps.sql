-- How far a disposal is: its approvals (a JSON array of evidence ids), how long its files were seen to lie hidden, and
-- when the last check was made, behind which nobody can hold them any more.
ALTER TABLE disposals ADD COLUMN approvals text NOT NULL DEFAULT '[]';
ALTER TABLE disposals ADD COLUMN mark word NOT NULL DEFAULT '';
ALTER TABLE disposals ADD COLUMN watched bigint NOT NULL DEFAULT 0;
ALTER TABLE disposals ADD COLUMN begun_at bigint;
UPDATE disposals SET begun_at = ended_at;
