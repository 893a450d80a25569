// SPDX-License-Identifier: Apache-2.0
// The scripts of found_test.cc whose point is a move.
#include <fmt/format.h>

#include "found.h"
#include "tests/support/sanitized.h"

namespace sterna::simulation {
namespace {

// It was seen in its old place and in its new one.
TEST(FoundMoves, WhatMovesBetweenTwoListingsIsNotSentAsACopy) {
  play(R"(seed 210064
with
2 remote.make dice=87573369
3 remote.deliver dice=440389828
44 sync
50 remote.flag dice=46934571
56 local.deliver dice=46980341
57 sync
59 remote.flag dice=906789883
64 local.move at=89 dice=979841010
77 rest
)");
}

// The power took back the times of the directory that it was moved to, and not its name there.
TEST(FoundMoves, WhatWasMovedOnBothSidesBeforeAPowerLossIsNotFetchedBesideItself) {
  play(R"(seed 1050876
with coarse
20 rest
21 local.deliver dice=266192282
26 remote.deliver dice=214391295
27 local.make dice=233442573
32 sync dice=161438496
33 wait back_ms=2001233 ms=1739777
34 local.move dice=531809927
42 remote.move dice=640056899
45 power dice=125234396
62 rest
)");
}

constexpr int kStride = test::kSanitized ? 11 : 1;

// What the phone did with a message after a sync that died somewhere in following it: deleted it,
// or moved it back, or on.
TEST(FoundMoves, AFileThatFollowedItsMessageIsNotTakenForOneThatWasMoved) {
  for (const char* then : {"remote.remove", "remote.move"}) {
    for (int operation = 1; operation <= 90; operation += kStride) {
      SCOPED_TRACE(fmt::format("{} after {} operations", then, operation));
      play(
          fmt::format("seed 5\nwith uidplus\n1 remote.deliver dice=7\n2 remote.make dice=9\n"
                      "3 rest\n4 remote.move dice=29\n5 sync kill_ops={}\n6 {} dice=29\n"
                      "7 rest\n",
                      operation, then));
      if (HasFailure()) return;
    }
  }
}

// It was sent, and moved before its row was written; its message was moved after it, and neither
// was recorded.
TEST(FoundMoves, AFileDeletedAfterItsUnrecordedMessageWasMovedStaysDeleted) {
  play(R"(seed 1100685
with
21 rest
22 local.deliver dice=348706042
31 local.deliver dice=145453769
32 local.deliver dice=958873090
33 local.make dice=503962583
34 local.deliver dice=658711064
35 local.move at=366 dice=301308120
37 sync cancel_ops=381
50 local.remove dice=509196982
61 rest
)");
}

// The server does not say where what was moved is; the sync that sent it recorded nothing.
TEST(FoundMoves, AKeywordTakenAwayThereStaysAwayAfterAMoveWithoutARow) {
  play(R"(seed 1200940
with
77 local.make dice=625078813
78 remote.make dice=174699862
91 local.deliver dice=808953184
95 local.make at=104 dice=823962193
98 sync cancel_ops=372
104 remote.flag dice=501866245
117 local.move dice=71459997
120 rest
)");
}

// Without UIDPLUS: our second move, which took it back after its file, was cut after its COPY.
TEST(FoundMoves, ARowlessMoveBackThatWasCutIsFinishedNotBegunAnew) {
  play(R"(seed 1929564
with list-status
20 remote.deliver dice=589715968
28 remote.flag dice=331032421
32 remote.make dice=181567134
39 sync
45 local.move at=224 dice=902441162
46 local.move dice=336499959
48 sync kill_ms=486
62 rest
)");
}

// The first move was cut after its COPY, and the file moved on; the second was done, and the sync
// died before it removed what the first had left.
TEST(FoundMoves, AMessageThatWasMovedTwiceIsWhereTheLastMovePutIt) {
  play(R"(seed 2019892
with capability
12 remote.make dice=337598751
39 remote.deliver dice=376133875
49 local.deliver dice=558309415
51 remote.move dice=769010793
54 local.make dice=796465650
70 remote.deliver dice=489626645
74 rest
75 local.move dice=705527566
77 local.move dice=585366951
81 remote.move dice=482017919
82 remote.deliver dice=472821823
87 sync dice=671315117 power_ms=444
92 local.move dice=63999002
103 remote.remove at=129 dice=321994215
104 sync cancel_ms=573
112 rest
)");
}

// It arrived where it was under another UID, and was fetched there before it was missed; its file
// was moved meanwhile.
TEST(FoundMoves, AFileMovedAwayIsOneTooManyWhereItsMessageCameBackUnderAnotherUid) {
  play(R"(seed 1934576
with list-status
13 remote.make dice=432433438
18 rest
20 local.deliver dice=281717469
34 rest
40 remote.deliver dice=110686785
41 local.move dice=162362581
43 remote.move dice=933245116
50 remote.move dice=115201207
55 remote.move at=173 dice=45729210
56 sync
58 rest
)");
}

// Its upload is open as well: what is left where it was sent to was not deleted by the user.
TEST(FoundMoves, AMoveByHalfOfWhatWasNotRecordedYetIsFinished) {
  play(R"(seed 1301340
with
22 remote.make dice=613264040
23 remote.deliver dice=202541382
27 local.deliver dice=789124221
32 remote.deliver dice=373583595
49 local.deliver dice=145026912
52 sync cut=3666
56 remote.flag dice=107856809
69 remote.deliver dice=979379689
70 local.move dice=817656785
71 remote.remove dice=204621338
77 remote.move dice=481983731
93 sync dice=965973786 power_ms=393
95 rest
)");
}

TEST(FoundMoves, AFileMovedOnIsFollowedAlsoWhenThatIsDoneByHalf) {
  play(R"(seed 1404184
with condstore list-status
15 remote.deliver dice=465191661
26 local.deliver dice=673166415
27 local.make dice=896971799
31 sync
34 remote.make dice=190616956
37 remote.deliver dice=87677182
41 remote.move dice=401420476
42 remote.deliver dice=95370025
45 sync
50 local.move dice=489626782
51 sync cut=1952
53 local.move dice=265115345
54 remote.remove dice=671877414
59 remote.move dice=131653928
65 sync dice=600531808 power_ms=511
72 rest
)");
}

// The second move, amid the sync that sent the first, gave it another name.
TEST(FoundMoves, AFileMovedOnUnderAnotherNameTakesItsMessageAlong) {
  play(R"(seed 1604812
with
56 remote.deliver dice=790184298
58 sync
62 local.make dice=902900487
63 remote.remove dice=518134773
114 local.deliver dice=101922893
121 remote.make dice=82187570
125 local.deliver dice=596721110
126 sync cancel_ms=507
131 local.move dice=994645949
133 local.move at=129 dice=716814217
134 local.flag dice=78371887
138 rest
)");
}

TEST(FoundMoves, WhatAMoveByHalfLeftIsFoundWithoutARow) {
  play(R"(seed 1604924
with list-status qresync
25 remote.make dice=14208286
26 local.deliver dice=308934540
27 remote.make dice=705323122
51 rest
53 remote.move dice=727587282
54 local.deliver dice=735621749
67 rest
69 remote.move dice=327506
84 remote.deliver dice=451428616
85 remote.move dice=965495955
88 local.remove dice=437775249
90 local.move dice=154573306
96 sync kill_ms=307
120 rest
)");
}

TEST(FoundMoves, WhatAMoveByHalfLeftIsNoDeletionWhenItsRemovalWasCut) {
  play(R"(seed 1604924
with qresync
52 local.make dice=539936640
54 local.deliver dice=735621749
57 local.deliver dice=207909827
67 rest
69 remote.move dice=327506
70 local.deliver dice=990608124
76 remote.flag dice=576892171
90 local.move dice=154573306
96 sync kill_ms=307
118 sync cut=3149
120 rest
)");
}

TEST(FoundMoves, WhatAMoveByHalfLeftIsNoDeletionWhenItWasNotYetRemoved) {
  play(R"(seed 1604924
with qresync
52 local.make dice=539936640
54 local.deliver dice=735621749
57 local.deliver dice=207909827
67 rest
69 remote.move dice=327506
76 remote.flag dice=576892171
84 remote.deliver dice=451428616
90 local.move dice=154573306
96 sync kill_ms=307
118 sync cut=3149
120 rest
)");
}

// A file that followed its message before its upload was recorded: that is no upload any more.
TEST(FoundMoves, AMessageThatAnotherClientMovesBackIsFollowedBack) {
  play(R"(seed 1812329
with cyrus
2 local.make dice=155086010
3 local.deliver dice=184612585
12 sync kill_ops=218
16 remote.move dice=654511979
20 sync
25 remote.move dice=988081102
31 rest
)");
}

// Another client's EXPUNGE took what the first move, which was cut, had marked; what that had left
// by its COPY was removed as surplus.
TEST(FoundMoves, AMessageThatAnotherClientExpungesAmidItsSecondMoveIsSentAgain) {
  play(R"(seed 3000086
with capability condstore list-status
17 remote.make dice=480596582
19 local.make dice=112358435
32 remote.deliver dice=165186052
42 remote.deliver dice=726995299
67 rest
69 local.move dice=787863954
94 sync cancel_ms=212
98 local.move dice=142885645
99 remote.move at=146 dice=637421105
100 sync
102 rest
)");
}

// Fetched in its new place by a sync that was killed, while the old one was not believed to lack
// it; its file was moved meanwhile.
TEST(FoundMoves, AFileMovedAwayIsOneTooManyWhereItsMessageWasFetchedInDoubt) {
  play(R"(seed 2701240
with capability list-status
1 remote.make dice=64340201
2 remote.deliver dice=583115713
4 remote.flag dice=785226729
9 local.make dice=516832537
10 remote.deliver dice=320643537
14 sync cut=1
16 local.make dice=486481656
20 sync dice=347351421 power_ops=258
23 remote.move dice=414346409
25 local.deliver dice=544919955
27 local.move dice=166741832
28 local.move at=145 dice=19117060
31 sync kill_ms=331
39 rest
)");
}

// Its copy was made in a mailbox of which, after the power loss, nothing had been compared yet.
TEST(FoundMoves, AHalfMoveToANewMailboxIsTakenBackWhenItsFileCameBack) {
  play(R"(seed 3403800
with list-status
47 local.deliver dice=152260797
49 sync
62 local.make dice=734138603
63 local.move dice=992162148
70 local.deliver dice=206177414
74 sync dice=77237611 power_ms=263
77 local.move dice=323517871
91 rest
)");
}

// Both its message and its file went to another mailbox while a sync looked for them.
TEST(FoundMoves, WhatBothSidesMovedBeforeItsUploadWasRecordedIsNotFetchedBesideItsFile) {
  play(R"(seed 111061
with list-status literal+
1 local.make dice=191012145
2 local.deliver dice=604589350
5 local.move at=229 dice=159568487
6 remote.move at=208 dice=566541052
7 sync
16 rest
)");
}

// Deleted here, and the sync died after its mark; the phone moved it, with that.
TEST(FoundMoves, AMessageMovedAmidItsRemovalLosesTheMarkOfThat) {
  play(R"(seed 113151
with capability list-status qresync
1 remote.make dice=891537163
3 remote.deliver dice=248960841
4 rest
5 local.remove dice=198382424
10 sync kill_ms=155
14 remote.move dice=238046993
19 sync
20 local.move dice=548104815
22 rest
)");
}

// Our second move, of what had no row where the first had put it; and the user moved the file back.
TEST(FoundMoves, AMoveOnThatWasRecordedNowhereIsOurOwn) {
  play(R"(seed 52372
with move
1 local.make dice=66840323
2 remote.make dice=290902123
3 remote.deliver dice=863182948
4 local.deliver dice=186374244
5 rest
11 local.remove dice=482622293
13 sync
14 local.move dice=889983596
15 local.move at=227 dice=661140175
16 sync kill_ms=437
18 local.move dice=343086205
19 rest
)");
}

// Sent with a keyword, moved by both before that was recorded; the phone cleared the keyword.
TEST(FoundMoves, WhatTheOtherSideClearedOfAnUnrecordedMessageThatBothMovedStaysClear) {
  play(R"(seed 153509
with
1 remote.make dice=555124479
3 local.deliver dice=770317577
4 remote.move at=225 dice=473589842
7 sync
10 local.move dice=204498348
12 remote.flag dice=233831174
15 rest
)");
}

// A move in whose flags the server did not hear; the file went back, and got a keyword there.
TEST(FoundMoves, ALetterThatAFileGotAfterAMoveBackMeansWhatItsNewMailboxSays) {
  play(R"(seed 53258
with cyrus qresync uidplus
1 remote.make dice=930951636
2 remote.make dice=336905311
3 remote.deliver dice=467917374
4 rest
5 remote.deliver dice=436246178
7 local.flag dice=884552462
8 remote.deliver at=174 dice=173322851
9 remote.move dice=716323861
10 sync cut=5764
12 local.move dice=477388063
17 local.flag dice=210170030
20 rest
)");
}

// Sent, and moved by both before that was recorded; the copy that is left in the old place is not
// what was sent.
TEST(FoundMoves, ACopyOfAnUnrecordedMessageThatIsHeldComesThroughOnceThatIsSaid) {
  play(R"(seed 751
with literal+
2 local.make dice=65326354
3 local.deliver dice=750482528
7 remote.move at=238 dice=115393337
8 sync
9 local.move dice=508485730
19 local.copy dice=267129594
20 rest
)");
}

// It was seen in two places, and sent as a copy; the sync died, and the file moved on.
TEST(FoundMoves, WhatWasSentOfAFileAmidItsMoveIsNotFetched) {
  play(R"(seed 500290
with capability
1 remote.make dice=246266225
2 remote.make dice=897695079
3 remote.deliver dice=622158719
4 local.deliver dice=142865342
5 rest
6 remote.move dice=270154335
7 local.move at=109 dice=777547337
8 local.flag dice=305769678
9 sync cancel_ops=122
10 local.move dice=149654778
17 rest
)");
}

// Both moved it; it was paired there, and its old row not gone yet, when the file went back.
TEST(FoundMoves, AFileThatWentBackWhereItsMessageHadBeenIsNoDeletionOnEitherSide) {
  play(R"(seed 412319
with uidplus
1 local.make dice=413619609
2 local.make dice=578296880
3 remote.deliver dice=197042534
4 local.deliver dice=737787954
5 local.move dice=651794473
11 sync
13 local.move dice=997715456
14 local.move dice=107571429
16 sync dice=899525005 power_ops=1
17 local.move at=239 dice=164320867
19 remote.move at=145 dice=667173795
20 sync
21 rest
)");
}

// Copied and marked, and not expunged when the line went; then its file came back.
TEST(FoundMoves, TheMarkOfAMoveThatBrokeOffIsNobodysFlag) {
  play(R"(seed 512455
with namespace
1 remote.make dice=546608499
2 local.make dice=10938174
3 local.deliver dice=808132106
15 sync
16 local.move dice=898536427
18 sync cut=1739
19 local.move dice=193313133
25 rest
)");
}

// What our move left without a row, and both sides moved on since.
TEST(FoundMoves, WhatBothSidesMovedOnBeforeOurMoveWasRecordedIsOnce) {
  play(R"(seed 431837
with capability cyrus list-status
1 local.make dice=422536787
2 local.make dice=751531343
3 local.deliver dice=535345627
10 sync dice=961654712 power_ops=347
13 remote.flag dice=541969461
14 local.move at=284 dice=875086925
15 remote.move at=371 dice=222153137
27 local.move dice=54803275
29 rest
)");
}

// The one made up for the other in the count, on a server that does not tell what vanished.
TEST(FoundMoves, AMessageLeftWithoutItsRowDoesNotHideThatAnotherVanished) {
  play(R"(seed 443366
with condstore
1 local.make dice=866476125
2 remote.deliver dice=609439061
3 remote.deliver dice=128577658
4 rest
5 local.move dice=172883913
8 local.edit dice=586357448
9 local.move at=240 dice=323322411
10 sync dice=967460999 power_ms=390
14 rest
)");
}

// The second of the moves had no row to begin from.
TEST(FoundMoves, WhatWasMovedBackAmidTwoMovesIsMovedBackOnTheServer) {
  play(R"(seed 451202
with capability move qresync
1 remote.make dice=272134602
2 remote.deliver dice=39262735
6 sync dice=589010754
8 local.make dice=52631964
9 local.move dice=564284186
10 local.move at=211 dice=439338253
11 sync kill_ms=459
13 local.move dice=264886187
14 rest
)");
}

// Copied on and marked, and not expunged when the sync was killed; then its file came back.
TEST(FoundMoves, TheMarkOfAMoveWithoutARowIsNobodysFlag) {
  play(R"(seed 541427
with capability qresync
1 local.make dice=516189904
2 remote.deliver dice=833954510
3 rest
5 remote.make dice=51067398
8 local.move at=185 dice=567134199
9 sync dice=88767837
11 local.move at=172 dice=352997771
12 sync kill_ms=457
13 local.move dice=702677367
14 rest
)");
}

// Marked by a move that broke off, and copied on by the next one.
TEST(FoundMoves, TheMarkThatASecondMoveCarriedAlongIsNobodysFlag) {
  play(R"(seed 484765
with capability list-status
1 remote.make dice=629746527
2 remote.make dice=507833454
3 local.deliver dice=889799821
4 remote.deliver dice=284590295
5 rest
6 local.move at=96 dice=571171281
7 sync kill_ms=391
14 local.move dice=499613845
20 rest
)");
}

// As above, and the file was moved on.
TEST(FoundMoves, TheMarkOfAMoveThatBrokeOffDoesNotGoAlongWithTheNextOne) {
  play(R"(seed 512455
with namespace
1 remote.make dice=546608499
2 local.make dice=10938174
3 local.deliver dice=808132106
15 sync
16 local.move dice=898536427
18 sync cut=1739
19 local.move dice=2
25 rest
)");
}

// With a flag from the other side, which would be lost with its old message.
TEST(FoundMoves, AFileThatMovesBetweenTwoListingsUnderANewNameIsMoved) {
  play(R"(seed 3515067
with capability
19 local.make dice=982469339
23 remote.deliver dice=557990876
39 local.deliver dice=761142941
86 remote.flag dice=832718368
90 rest
93 local.flag dice=376779044
97 remote.flag dice=897145579
98 local.move at=43 dice=41171200
102 rest
)");
}

}  // namespace
}  // namespace sterna::simulation
