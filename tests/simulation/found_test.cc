// SPDX-License-Identifier: Apache-2.0
// Scripts that failed once: what seeds found, made smaller, and mended since.
#include "found.h"

namespace sterna::simulation {
namespace {

TEST(Found, OfTwoMessagesUnderOneNameTheOneWhoseFileGoesIsDeleted) {
  play(R"(seed 1149
with
5 remote.deliver dice=456080821
9 rest
21 sync dice=442760858 power_ops=1
25 local.flag dice=155726284
29 local.edit dice=151372472
36 rest
41 local.remove dice=609934279
67 rest
)");
}

// Nothing tells which of the two came first, so the message stays beside what the backup has.
TEST(Found, WhatARestoredFileReplacesIsNoEarlierStateOfIt) {
  play(R"(seed 398
with
14 rest
15 local.deliver dice=404398074
22 backup
25 local.edit dice=935649397
26 sync dice=116223474
37 restore.maildir dice=111583314
41 rest
)");
}

// Nobody knows by then whether it is the message that the server has.
TEST(Found, WhatIsRenamedAmidThePairingOfABackupIsNotFetchedBesideIt) {
  play(R"(seed 91
with capability list-status uidplus
50 local.deliver dice=30043584
54 sync dice=214911219
62 local.flag dice=424098197
63 backup
118 restore.maildir dice=463366076
120 local.mark-all at=90 dice=852417017
121 sync
123 rest
)");
}

// The server has what the dead sync sent, and no row or file is that any more.
TEST(Found, WhatWasSentAndEditedOnceMoreIsReplaced) {
  play(R"(seed 1032
with literal+
5 remote.deliver dice=463889831
11 sync dice=107285852
13 remote.deliver dice=931698890
19 local.edit dice=976824758
21 sync kill_ms=235
24 local.save-draft dice=15310546
30 local.edit dice=322348401
33 rest
)");
}

// The server said that it has the edit, and not where; then another client deleted it.
TEST(Found, AnEditThatWasStoredAndDeletedThereIsNotSentAgain) {
  play(R"(seed 738
with cyrus list-status
4 local.deliver dice=301976420
11 rest
38 local.edit dice=895659955
41 remote.remove dice=926465239
42 remote.deliver at=188 dice=576946081
44 sync dice=466023580 power_ms=600
55 remote.remove dice=573400545
58 rest
)");
}

// A server that rewrites it, and tells of it late: else it is not known again in its new place.
TEST(Found, WhatBecameOfAnUploadIsLearnedOnceTheServerTells) {
  play(R"(seed 429
with lags rewrites uidplus
18 local.deliver dice=740066379
27 rest
63 local.flag dice=233593390
64 remote.make dice=705179521
65 remote.move dice=523639716
94 rest
)");
}

// The backup is from before it was moved and sent; its rows, which would have told, are let go.
TEST(Found, WhatABackupHasWhereItLayBeforeIsNotSentFromThere) {
  play(R"(seed 210375
with
2 local.make dice=409578498
13 sync
19 local.deliver dice=788464543
24 backup
25 local.move dice=522542824
40 rest
48 restore.maildir dice=575720157
51 rest
)");
}

// An upload that was recorded kept its intent, which kept the mailbox from being compared.
TEST(Found, WhatWasSentBeforeItsMailboxIsPairedAnewIsNotInDoubt) {
  play(R"(seed 300036
with
44 local.deliver dice=496380637
75 sync dice=655122866
77 local.flag dice=180293082
88 server.renumber dice=703814665
89 remote.remove at=135 dice=877208405
93 rest
)");
  play(R"(seed 300036
with
39 remote.deliver dice=644532337
46 remote.make dice=48986428
67 sync
73 local.deliver dice=342741429
74 local.remove dice=8578116
75 sync dice=655122866
77 local.flag dice=180293082
88 server.renumber dice=703814665
89 remote.remove at=135 dice=877208405
90 local.move at=167 dice=463893799
93 rest
)");
}

// The mailbox that the message was moved to is younger than the backup: it is made anew when the
// user says so, and until then the file waits.
TEST(Found, WhatABackupHasOfAMailboxThatItLacksIsNotSent) {
  play(R"(seed 3678
with
10 sync
30 local.deliver dice=471425253
31 backup
35 local.make dice=426217259
43 local.move dice=557745388
54 rest
56 restore.maildir dice=464317778
79 rest
)");
  play(R"(seed 300066
with
47 rest
60 remote.make dice=68045680
61 local.deliver dice=766478634
67 backup
71 sync kill_ops=57
77 local.flag dice=930208698
80 local.move dice=873239998
92 rest
110 restore.maildir dice=576827064
115 rest
)");
}

// The first look at its mailbox was cut, so no absence counts there: but what was sent from it was
// there.
TEST(Found, WhatWasSentAndDeletedAmidTheFirstLookAtItsMailboxIsDeleted) {
  play(R"(seed 300555
with condstore
5 sync
13 remote.deliver dice=763928079
29 local.make dice=193654421
30 local.deliver dice=828638536
33 local.deliver dice=594113014
38 local.deliver dice=473837258
39 local.make dice=839892153
40 local.move dice=225227830
43 remote.deliver dice=436975118
47 remote.deliver dice=418721552
48 local.deliver dice=137356318
50 local.deliver dice=736183154
52 sync cut=5835
55 local.remove dice=748955434
61 rest
)");
}

// What was a bare directory when the backup was made: whoever makes a mailbox of it, or makes one,
// moves the epoch.
TEST(Found, AMailboxThatABackupLacksIsMadeAgain) {
  play(R"(seed 1204652
with cyrus
84 local.make dice=461278726
86 sync
99 backup
102 sync
115 restore.maildir dice=867335317
118 rest
)");
}

// The sync that made a mailbox of it was killed before the epoch moved: nothing tells that the
// backup is older.
TEST(Found, AnEmptyMailboxThatABackupHasAsABareDirectoryIsMadeWhole) {
  play(R"(seed 1912122
with cyrus
86 local.make dice=983717784
96 sync dice=646546386
98 local.deliver dice=829806090
100 backup
101 sync kill_ms=231
104 restore.maildir dice=398632112
107 rest
)");
  play(R"(seed 1918429
with cyrus
12 rest
14 local.make dice=249409195
15 sync
16 wait ms=2577694
25 backup
33 sync dice=850416281 power_ms=209
46 restore.maildir dice=923600850
49 rest
)");
}

// The power went between the rows and the marker: which backup it is that took the place of the
// Maildir, the marker of before does not tell.
TEST(Found, WhatABackupLacksThatWasSentByASyncThatDiedWasNotDeleted) {
  play(R"(seed 2036280
with
71 rest
73 backup
80 remote.make dice=511534903
83 local.deliver dice=415045356
84 local.make dice=525462415
87 sync dice=47107432 power_ops=231
89 restore.maildir dice=487315617
92 sync
)");
}

// Killed before the new Maildir was flushed; the next sync records that it begins there.
TEST(Found, AMaildirThatIsRecordedAsBegunIsOnTheDisk) {
  play(R"(seed 2100796
with
5 sync kill_ops=4
20 sync dice=685026442 power_ops=5
32 rest
)");
}

// Between the list of flags and the question after what is missing in it.
TEST(Found, TheLastMessageThatGoesAmidALookIsSeenToBeGone) {
  play(R"(seed 1755164
with list-status literal+ uidplus
31 local.deliver dice=718512130
36 local.deliver dice=96847235
51 local.remove dice=66252321
55 sync
56 wait back_ms=488
64 local.deliver dice=251643612
65 local.flag dice=415291923
66 remote.remove dice=789692595
67 local.flag at=204 dice=390538887
69 remote.remove at=354 dice=85387946
70 sync
72 rest
)");
}

// Moved away and back by another client, or on amid the sync that fetched it: what goes is a row of
// its first place, whose file was told something meanwhile.
TEST(Found, AFlagGoesAlongWithAMessageThatCameBackUnderAnotherUid) {
  play(R"(seed 2800563
with condstore list-status
9 remote.deliver dice=957083081
45 remote.deliver dice=746977263
65 remote.make dice=891655982
70 rest
74 remote.move dice=890056788
75 local.flag dice=326579586
77 remote.move dice=85062208
78 remote.remove at=171 dice=307100008
79 sync
96 rest
)");
}
TEST(Found, AFlagGoesAlongWithAMessageThatWasFetchedAndMovedOn) {
  play(R"(seed 2800563
with condstore list-status
9 remote.deliver dice=957083081
45 remote.deliver dice=746977263
65 remote.make dice=891655982
70 rest
74 remote.move dice=890056788
75 local.flag dice=326579586
77 remote.move at=306 dice=85062208
78 remote.remove at=171 dice=307100008
79 sync
96 rest
)");
}

// The mailbox was made, and the message moved there, amid the sync.
TEST(Found, AFlagStaysWithAMessageThatIsMovedToAMailboxOfWhichNobodyKnows) {
  play(R"(seed 3101182
with dot
10 remote.deliver dice=211672164
11 remote.deliver dice=412973863
15 sync dice=950088928
18 remote.remove dice=42736626
27 remote.move at=177 dice=572900236
28 remote.make at=141 dice=643196906
29 local.flag dice=187688222
30 sync
32 rest
)");
}

TEST(Found, AFlagStaysWithAMessageThatIsMovedBackAmidASync) {
  play(R"(seed 3103645
with bodies-go capability dot list-status
11 remote.deliver dice=323798161
50 local.deliver dice=379920752
53 remote.make dice=515236634
61 rest
64 remote.deliver dice=931653054
75 remote.move dice=884535288
77 remote.remove dice=371865804
82 local.make dice=220591200
83 local.remove dice=712231175
84 local.flag dice=162372320
85 remote.move at=289 dice=277685409
102 rest
)");
}

// cp was not done when its file was sent, and the base of then is gone.
TEST(Found, WhatWasHalfWrittenBeforeTheStateWasRestoredIsAMessageOfItsOwn) {
  play(R"(seed 175366
with
5 sync
8 local.copy-in dice=480164205
9 backup
10 sync
13 restore.state dice=677851156
15 rest
)");
}

// Its copy was recorded; the rest waited for the pairing, and the pairing for that.
TEST(Found, WhatIsLeftOfAMoveByHalfDoesNotKeepItsMailboxFromBeingPaired) {
  play(R"(seed 3700729
with
9 local.deliver dice=136138265
11 remote.make dice=770917586
21 local.deliver dice=510115053
25 remote.make dice=374135770
26 remote.deliver dice=19369511
30 rest
40 remote.move dice=801118143
41 local.move dice=208115086
45 sync dice=300972733 power_ops=3
47 backup
48 remote.move dice=812831379
50 remote.deliver dice=643361842
51 sync kill_ms=445
58 restore.maildir dice=844587887
59 sync dice=707527452 power_ms=299
65 local.move dice=393160415
78 rest
)");
}

// The tree of a backup has new numbers, which rows know as those of other mailboxes.
TEST(Found, RestoredDirectoriesBearTheNumbersOfOthers) {
  play(R"(seed 669403
with coarse
1 local.make dice=347386230
2 local.make dice=547275379
3 local.deliver dice=85057094
4 rest
8 backup
12 remote.make dice=8053854
13 sync dice=311291354 power_ops=56
14 restore.maildir dice=709655025
26 rest
)");
}

// The backup lacks the mailbox that a message was moved to, and has its file in the old one.
TEST(Found, AFileBackInItsOldMailboxWaitsForTheMissingNewOne) {
  play(R"(seed 3618925
with
5 local.deliver dice=963004225
6 local.flag dice=900152197
7 remote.deliver dice=931269708
8 local.flag at=347 dice=418017777
9 local.deliver dice=477499262
11 sync
16 remote.make dice=159468116
19 remote.move dice=411647168
27 backup
29 remote.deliver dice=514891830
45 rest
50 restore.maildir dice=541478251
51 sync dice=445811902 power_ops=1
53 rest
)");
}

// Its message is not fetched beside it before it is out of the way.
TEST(Found, APartThatGetsAFlagAmidItsRepairIsStillOne) {
  play(R"(seed 930780
with nameless
44 remote.deliver dice=309266351
45 remote.make dice=174958743
46 remote.deliver dice=784318464
53 sync dice=683933633 power_ops=124
60 remote.move dice=340975071
66 local.flag at=202 dice=658793128
82 rest
)");
}

// A sync that was killed left the lock, and the server was not told of the keyword yet.
TEST(Found, AKeywordStaysInANameThatALockDeniesALetterElsewhere) {
  play(R"(seed 488
with capability list-status uidplus
1 remote.make dice=457919265
2 local.deliver dice=410576038
3 rest
9 local.move dice=83423290
11 sync
12 local.flag dice=337264160
13 remote.deliver dice=839052104
14 remote.move at=196 dice=365428796
16 local.deliver at=297 dice=953072673
17 sync kill_ops=174
20 local.flag at=81 dice=504943465
22 sync kill_ms=191
23 rest
)");
}

// The power failed amid what would have taken the place of what the killed sync had prepared.
TEST(Found, AnEpochThatASyncLeftIsMarkedBeforeAnotherIsPrepared) {
  play(R"(seed 4011900
with trash
6 remote.deliver dice=746897411
7 remote.deliver dice=306774101
18 rest
26 remote.move dice=660217208
28 local.deliver dice=526905532
36 remote.deliver dice=581891638
38 sync
45 local.deliver dice=390159504
46 remote.remove dice=421234251
47 local.flag dice=186884659
48 remote.remove dice=500451023
49 local.deliver dice=782673304
50 sync kill_ms=332
54 local.flag dice=229550487
55 local.make dice=482036791
57 local.flag dice=497052014
60 sync dice=667929904 power_ops=58
66 rest
)");
}

// What it was fetched with into the Trash nobody knows: both sides have it.
TEST(Found, AFlagThatIsClearedBeforeATrashedCopyIsRecordedIsOpen) {
  play(R"(seed 6885
with capability move partial-copyuid trash uidplus
1 remote.make dice=920219789
2 remote.deliver dice=229292242
3 local.deliver dice=134617663
4 remote.deliver dice=279009836
5 local.deliver dice=793918792
6 rest
20 local.remove-all dice=39122612
24 sync kill_ops=196
25 remote.flag dice=793339350
26 rest
)");
}

// Its message stands in a mailbox that the backup lacks, and goes before that is brought back.
TEST(Found, ARestoredFileOfAMessageThatIsDeletedElsewhereMeanwhileIsSent) {
  play(R"(seed 4077657
with trash
7 local.deliver dice=927360371
8 local.deliver dice=193451445
27 sync
29 remote.make dice=768468507
33 local.move dice=608248368
39 backup
40 local.remove dice=948120660
51 local.move at=228 dice=497372871
54 rest
65 restore.maildir dice=398934165
66 sync
74 remote.remove dice=731434943
84 rest
)");
}

// Its letters come from a mailbox whose folder the backup lacks: the account synced no more.
TEST(Found, AFileWithAKeywordOfAMailboxWhoseFolderIsGoneStopsNothing) {
  play(R"(seed 4085508
with trash
4 local.deliver dice=774207856
6 sync kill_ops=7
18 backup
36 rest
39 local.move dice=806976557
45 rest
48 restore.maildir dice=46449113
53 rest
60 restore.maildir dice=770888455
66 rest
)");
}

}  // namespace
}  // namespace sterna::simulation
