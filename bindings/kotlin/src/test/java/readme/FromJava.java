package readme;

import java.util.concurrent.CompletableFuture;
import org.postseal.*;

class FromJava {
    static SendReport send(MailClient client, Draft draft) throws Exception {
        return Postseal.blocking(c -> client.send(draft, c));
    }

    static CompletableFuture<Opened> open(MailClient client, MessageHandle handle) {
        return Postseal.future(c -> client.open(handle, c));
    }
}
