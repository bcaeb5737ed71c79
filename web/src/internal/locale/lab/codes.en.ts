/** The sentences of `core/invariants.md`, word for word: what the world checks, and what can go wrong in it. */
export const codesEn = {
  'invariant.R1':
    'A record acknowledged with acks=all while the ISR held min.insync.replicas is in the log of every later leader, at its offset and byte for byte, unless more replicas lost their storage since than that setting allows for.',
  'invariant.R2':
    'Every running member of ISR and ELR in its registered incarnation has everything that was ever readable.',
  'invariant.R3':
    'Two replicas agree on everything below the lower of their high watermarks; if they hold the same offset and leader epoch, on everything before it too.',
  'invariant.R4':
    'What a consumer once read at an offset is what every later reader gets there, except where the log start moved past it, compaction removed it, or an election was marked unclean.',
  'invariant.R5':
    'Within a leader epoch the HW only rises; it never passes the log end, moves only while the ISR holds the minimum, and only over what every member of the maximal ISR has reported in this epoch.',
  'invariant.R6': 'A leader’s maximal ISR contains the controller’s ISR and ELR.',
  'invariant.R7':
    'A partition has at most one leader per epoch; epochs at a broker only rise, and none is used again after a restart.',
  'invariant.R8':
    'No replica truncates below its own HW, save after an unclean election or damaged storage, and then it is said.',
  'invariant.R9':
    'Only a replica that is unfenced, not shutting down, of the current broker epoch, and caught up to the leader’s epoch start and HW joins the ISR.',
  'invariant.R10':
    'Offsets are dense on append, strictly rising and never given twice; log start ≤ HW; retention and DeleteRecords remove nothing at or above the HW.',
  'invariant.R11':
    'acks=0 and 1 promise no replication; an error or a time-out means "unknown", a definite error means "not appended and never will be".',
  'invariant.T1':
    'Per producer id, epoch and partition the appended sequences have no gap and no repetition, across leaders, restarts, snapshots and compaction; a duplicate is answered with the first offset, and not before the first is committed as asked.',
  'invariant.T2':
    'A read_committed reader never gets a record of an aborted or open transaction; LSO ≤ HW, is the first offset of what is undecided, and only rises within a leader epoch.',
  'invariant.T7':
    'A coordinator epoch in markers never falls; producer state from a snapshot equals the replay up to it.',
  'invariant.S1':
    'Recovery after any crash, one during recovery included, gives a prefix of the appended batches with everything that was synced.',
  'invariant.S2':
    'Data whose CRC is wrong is never served; damage is found and told, and never silently shortens a log.',
  'invariant.S3': 'After a failed write a log dir takes no append until it was opened anew or made room.',
  'invariant.S4': 'Compaction keeps the last record of each key, keeps the order, and crosses neither HW nor LSO.',
  'invariant.S5': 'Indexes and leader-epoch cache agree with the log after truncation, crash and compaction.',
  'invariant.P1': 'Every request gets exactly one answer, in order on its connection, or the connection closes.',
  'invariant.P2': 'What is parked leaves no later than its deadline and no earlier than its condition.',
  'invariant.P3': 'Buffers, parked requests, fetch sessions and decompression stay within a bound that is set.',
  'invariant.P4': 'No bytes make anything panic.',
  'invariant.P5': 'The same inputs give the same trace digest, natively twice and in wasm.',
  'invariant.L2': 'Every partition with an eligible replica has a leader within 10 s.',
  'invariant.L1': 'There is one controller within three election time-outs, and epochs stop rising.',
  'invariant.L3': 'Every produce is answered, and acks=all succeeds where enough replicas are in sync.',
  'invariant.L7': 'Groups settle, and every partition is read to its end.',
  'invariant.L8': 'The LSO reaches the HW.',
  'invariant.L5': 'Every broker registers, is unfenced, and has the same metadata.',
  'invariant.L10': 'Nothing is parked past its time-out.',
  'invariant.Q1': 'At most one leader per epoch.',
  'invariant.Q2': 'Logs that share an offset and epoch agree on everything before it.',
  'invariant.Q3': 'A new leader has everything that was committed.',
  'invariant.Q4': 'What was committed is durable on at least one live voter.',
  'invariant.Q5': 'Epochs only rise, on disk and in memory; a vote is synced before it is told.',
  'invariant.Q6': 'Nothing below the HW is truncated.',
  'invariant.Q7': 'The HW is told only once a record of the leader’s own epoch is committed.',
  'invariant.Q9': 'Images at the same offset are equal everywhere, whether replayed or loaded from a snapshot.',
  'invariant.Q10': 'Brokers never apply metadata that is not committed.',
  'invariant.Q12': 'Asking for a pre-vote never raises the epoch.',
  'invariant.L11': 'Compaction and retention reach their bounds.',
  'invariant.L13': 'Throughput is back within 5 s after an overload ends.',
  'fault.N1': 'A message is lost.',
  'fault.N2': 'A message comes twice, the second perhaps after its connection or its sender’s incarnation ended.',
  'fault.N3': 'Messages are late and overtake each other.',
  'fault.N4': 'One kind of message is slow.',
  'fault.N5': 'The network splits, in both directions or in one.',
  'fault.N6': 'Links clog one after the other and are freed in another order.',
  'fault.N7': 'A connection ends within a frame, or delivers byte by byte.',
  'fault.N8': 'A client sends hostile bytes.',
  'fault.K1': 'A kill: the process is gone, what it wrote stays.',
  'fault.K2':
    'A power loss: every file keeps a prefix of what was not synced, its end torn; unsynced truncations, removals and renames may come undone.',
  'fault.K3': 'A clean stop, one broker after the other.',
  'fault.K4': 'A pause, after which all overdue timers fire.',
  'fault.K5': 'A disk is replaced: same broker, empty log dir.',
  'fault.K6': 'Wall clocks differ, drift and jump.',
  'fault.K7': 'Two versions in one cluster.',
  'fault.K8': 'Memory is refused.',
  'fault.D1': 'A read, write or sync fails; after a failed sync the pages are lost though they look clean.',
  'fault.D2': 'Bits rot.',
  'fault.D3': 'A write or read goes astray.',
  'fault.D4': 'A write is acknowledged and lost.',
  'fault.D5': 'The disk or quota is full, after part of a write.',
  'fault.D6': 'A rename or a new file is not durable because its folder was not synced.',
  'fault.D7': 'The disk is slow.',
  'fault.I1': 'The quota is exceeded: the transaction aborts, and its request may never say so.',
  'fault.I2': 'Any transaction aborts and is undone whole.',
  'fault.I3': 'complete of a relaxed transaction comes before its data is on the medium.',
  'fault.I4': 'The connection to the database is lost; every later transaction throws until it is opened again.',
  'fault.I5': 'The backing store does not open, for a while or for good.',
  'fault.I6': 'The origin’s data is evicted or cleared while it is in use.',
  'fault.I7': 'Another tab upgrades or deletes the database, or blocks it.',
  'fault.I8': 'A private window or foreign frame: no storage, or little and only in memory.',
} as const;
