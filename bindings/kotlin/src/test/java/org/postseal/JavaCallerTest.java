package org.postseal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postseal.ffi.Envelope;
import org.postseal.ffi.FetchItems;
import org.postseal.ffi.KeyProfile;
import org.postseal.ffi.Mailbox;
import org.postseal.ffi.VerdictLevel;

/** The library from Java: what suspends in Kotlin is a blocking call or a future here. */
@Timeout(value = 90, unit = TimeUnit.SECONDS)
class JavaCallerTest {
    @Test
    void aSealedMailGoesRound() throws Exception {
        try (TestServer server = TestServer.Companion.start()) {
            Mailbox alice = new Mailbox(server.address(TestServer.ALICE), "Alice");
            Mailbox bob = new Mailbox(server.address(TestServer.BOB), null);
            Keyring keys = new Keyring();
            for (Mailbox owner : List.of(alice, bob)) {
                GeneratedKey made = Postseal.blocking(c -> SecretKey.generate(KeyProfile.MODERN, owner, c));
                keys.add(made.getKey());
            }

            try (MailClient client = client(server, TestServer.ALICE, keys)) {
                Draft draft = new Draft(alice, List.of(bob), "From Java", "Sealed.");
                SendReport report = Postseal.blocking(c -> client.send(draft, c));
                assertTrue(report.isSentToAll());
            }
            try (MailClient client = client(server, TestServer.BOB, keys)) {
                List<MessageSummary> inbox = Postseal.blocking(c -> client.inbox(c));
                CompletableFuture<Opened> opening = Postseal.future(c -> client.open(inbox.get(0).getHandle(), c));
                Opened opened = opening.get(30, TimeUnit.SECONDS);
                assertEquals(VerdictLevel.SEALED, opened.getVerdict().getLevel());
                assertEquals("From Java", opened.getMessage().getSubject());
            }
        }
    }

    @Test
    void errorsAreCheckedAndTyped() throws Exception {
        try (TestServer server = TestServer.Companion.start()) {
            Credentials wrong = Credentials.password(server.address(TestServer.ALICE), "not-the-password");
            PostsealException error = assertThrows(
                    PostsealException.LoginRefused.class,
                    () -> Postseal.<SmtpSession>blocking(c -> SmtpSession.connect(server.connector(), server.getSmtp(), wrong, c)));
            assertEquals("login-refused", error.getCode());
            try {
                Certificate.importData(new byte[0]);
            } catch (PostsealException.Malformed malformed) {
                assertEquals("malformed", malformed.getCode());
            }
        }
    }

    @Test
    void flowsAreTakenAndFuturesGivenUp() throws Exception {
        try (TestServer server = TestServer.Companion.start()) {
            Credentials who = server.credentials(TestServer.ALICE);
            Connector connector = server.connector();
            try (SmtpSession smtp = Postseal.blocking(c -> SmtpSession.connect(connector, server.getSmtp(), who, c));
                    ImapSession imap = Postseal.blocking(c -> ImapSession.connect(connector, server.getImap(), who, c))) {
                String address = server.address(TestServer.ALICE);
                Receipt receipt = Postseal.blocking(c -> smtp.send(new Envelope(address, List.of(address)), ScenarioKt.message("hello"), c));
                assertInstanceOf(Delivery.Sent.class, receipt.getDelivery());

                Selected selected = Postseal.blocking(c -> imap.examine("INBOX", c));
                List<Fetched> fetched = new ArrayList<>();
                FetchItems items = new FetchItems(false, true, false, false, false, true, false, List.of(), List.of(), List.of());
                Postseal.forEach(imap.fetch("INBOX", selected.getAll(), items), fetched::add).get(30, TimeUnit.SECONDS);
                assertEquals(1, fetched.size());
                assertEquals(fetched.get(0).getSize(), fetched.get(0).getWhole().length);

                try (Watch watch = Postseal.blocking(c -> imap.watch("INBOX", c))) {
                    CompletableFuture<?> watching = Postseal.forEach(watch.getChanges(), change -> { });
                    watching.cancel(true);
                    assertThrows(CancellationException.class, watching::get);
                }
                Postseal.blocking(c -> imap.noop(c));
            }
        }
    }

    @Test
    void tokensComeFromFutures() throws Exception {
        try (TestServer server = TestServer.Companion.start()) {
            String alice = server.address(TestServer.ALICE);
            server.setToken(alice, "fresh-token");
            TokenProvider provider = Postseal.tokenProvider(refused -> CompletableFuture.supplyAsync(() -> "fresh-token"));
            Credentials who = Credentials.tokenProvider(alice, provider);
            try (ImapSession imap = Postseal.blocking(c -> ImapSession.connect(server.connector(), server.getImap(), who, c))) {
                Postseal.blocking(c -> imap.noop(c));
            }
        }
    }

    private static MailClient client(TestServer server, int user, Keyring keys) throws PostsealException {
        Credentials who = server.credentials(user);
        Account account = new Account(
                new Mailbox(server.address(user), null), new Login(server.getSmtp(), who), new Login(server.getImap(), who));
        return new MailClient(server.connector(), account, keys);
    }
}
