INSERT INTO isp_plan
  (plan_id, case_id, version, client_signed_on, worker_signed_on, review_due)
VALUES
  (1, 1, 1, '2026-05-02', '2026-05-01', '2026-08-01');
INSERT INTO isp_goal
  (goal_id, plan_id, term, description, indicator, status, result)
VALUES
  (1, 1, 'short', 'Work in a bakery', 'A job of 20 hours a week', 'IN_PROGRESS', 'Two interviews');
INSERT INTO isp_goal
  (goal_id, plan_id, term, description, status)
VALUES
  (2, 1, 'long', 'A shop of her own', 'NOT_STARTED');
INSERT INTO isp_action
  (action_id, goal_id, note, description, responsible, deadline, done_on)
VALUES
  (1, 1, 'Together at the library', 'Write a résumé', 'client', '2026-06-15', '2026-05-03');
INSERT INTO isp_action
  (action_id, goal_id, description, responsible, deadline)
VALUES
  (2, 1, 'Ask three bakeries', 'worker', '2026-06-15');
