// SPDX-License-Identifier: Apache-2.0
// The scripts of found_test.cc whose point is a move that came to no end, and another after it.
#include "found.h"

namespace sterna::simulation {
namespace {

// Each broke off, and the file went on.
TEST(FoundHalfMoves, TheMarkOfTheSecondOfTwoMovesIsNobodysFlag) {
  play(R"(seed 118775
with
1 remote.make dice=595804395
2 local.make dice=389440663
3 remote.make dice=31775224
4 local.deliver dice=747175275
7 rest
17 local.move dice=331596861
19 sync cut=2058
22 local.move dice=1054687987
24 sync kill_ms=383
27 local.move dice=485466433
29 rest
)");
}

// The second one had left its copy; none had a row to begin from.
TEST(FoundHalfMoves, OfThreeMovesThatBrokeOffTheLastOneCounts) {
  play(R"(seed 1570030
with
1 local.make dice=916824238
2 remote.make dice=673586319
3 rest
13 local.deliver dice=1073238306
15 sync kill_ms=350
18 local.move dice=98176519
20 sync cut=2152
23 local.move dice=198252174
25 sync kill_ms=286
28 local.move dice=50024354
30 rest
)");
}

// It was cut, and the copy had a flag that its row did not know.
TEST(FoundHalfMoves, TheRemovalOfACopyThatAMoveLeftIsNoDeletionOfTheUsers) {
  play(R"(seed 2205155
with namespace
1 remote.make dice=1004536323
2 local.make dice=550560960
3 local.make dice=998855382
4 rest
14 local.deliver dice=1015571244
16 sync kill_ms=344
19 local.move dice=807569842
21 sync kill_ms=320
24 local.move dice=373062881
26 sync kill_ms=402
29 local.move dice=833862266
31 rest
)");
}

// A file that was moved where an older one of its message had been is no leftover of that one: the
// people of the simulation do not delete the only file here.
TEST(FoundHalfMoves, TheOnlyFileIsNoLeftover) {
  play(R"(seed 681454
with
1 remote.make dice=299915430
2 local.deliver dice=98802340
3 rest
4 local.deliver dice=961939590
6 remote.move dice=419244521
7 sync
15 server.renumber dice=95871828
16 sync
17 local.move dice=867716752
21 sync dice=865292686 power_ops=1
23 local.move dice=979040122
24 rest
)");
}

// Its old mailbox was not even listed. What is sent as new would leave the message itself to go to
// the Trash.
TEST(FoundHalfMoves, OneUnderANewNameBetweenTwoListingsIsNoCopy) {
  play(R"(seed 920753
with capability trash
7 remote.deliver dice=784809756
14 rest
18 remote.deliver dice=556796155
20 remote.remove dice=250457478
24 rest
27 local.deliver dice=291367308
34 local.move at=38 dice=390332098
35 sync
41 rest
)");
}

// The sync that was to take it away was cut short.
TEST(FoundHalfMoves, OneOnBothSidesIsKnownUntilTheFileThatIsOneTooManyIsGone) {
  play(R"(seed 6192
with capability esearch move namespace qresync trash uidplus unselect
1 remote.make dice=353415279
2 local.make dice=69236496
3 local.deliver dice=641360898
4 local.move dice=605455662
7 sync cut=3383
8 local.flag dice=302582839
9 remote.move at=124 dice=653927070
10 local.move dice=928916408
12 sync
16 sync cancel_ops=185
19 rest
)");
}

// The server rewrote it when it was sent, and what the file is like proves nothing of it.
TEST(FoundHalfMoves, AMessageThatTheServerRewroteAndSomebodyMovedFollowsItsFile) {
  for (const std::string_view script : {
           R"(seed 316
with rewrites
1 remote.make dice=44046782
2 local.deliver dice=116651352
7 local.make dice=537628735
8 sync
9 remote.move dice=273756034
14 remote.move dice=301879612
15 local.move dice=969063712
16 rest
)",
           R"(seed 79
with rewrites trash
1 remote.make dice=979440172
2 local.deliver dice=717248360
4 sync
5 remote.move dice=459224551
6 local.save dice=178049612
13 rest
)"}) {
    play(script);
  }
}

// What it was told of the first one went with the power, and is in the row.
TEST(FoundHalfMoves, AServerThatRewritesIsKnownForThatAfterALostPower) {
  play(R"(seed 32856
with rewrites uidplus
2 remote.make dice=662465780
3 remote.deliver dice=773202808
4 rest
5 remote.remove dice=353708830
8 local.move dice=686152964
11 sync
13 sync dice=193970007 power_ms=1
17 local.deliver dice=829516597
18 sync
19 local.remove dice=774859546
21 rest
)");
}

// Both are kept, and the server moves the new one as soon as it has it.
TEST(FoundHalfMoves, AnEditOfBeforeARestartThatIsMovedAtOnceIsFoundWhereItIs) {
  play(R"(seed 1979
with filters
1 local.make dice=55083468
3 remote.deliver dice=465800013
5 rest
6 local.move dice=83378357
22 sync dice=557412446 power_ms=272
23 local.edit dice=992715373
24 rest
)");
}

// Put off by the machine's clock, which is ten hours behind then.
TEST(Found, AMoveThatIsPutOffIsTriedAsSoonThoughTheClockIsSetBack) {
  play(R"(seed 4019634
with half-move move trash
3 remote.deliver dice=358565530
8 sync dice=75799575
10 local.deliver dice=147674222
14 local.remove dice=704688373
17 rest
18 local.move dice=933220331
20 local.move dice=446822487
23 sync
24 wait back_ms=38435613
31 rest
)");
}

}  // namespace
}  // namespace sterna::simulation
