INSERT INTO referral
  (referral_id, case_id, direction, from_org, to_org, service_wanted, reason_code, channel, status, status_at, worker, hub_referral_no)
VALUES
  (1, 1, 'IN', 'harbour', 'lakeside', 'employment', 'employment', 'hub', 'RECEIVED', '2026-05-04 09:00:00', 'w-17', 'K7QM2XWBR4TD');
UPDATE case_file
  SET status = 'CLOSED', closed_on = '2026-05-20', closure_reason = 'EMPLOYED'
  WHERE case_id = 1;
