import java.util.ArrayList;
import java.util.List;

/** Leak RATE WAIT: keeps RATE bytes more a second. */
public class Leak {
    static final List<byte[]> KEPT = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        double rate = Double.parseDouble(args[0]);
        System.out.println("ready");
        Thread.sleep((long) (Double.parseDouble(args[1]) * 1000));
        System.out.println("grow");
        long begin = System.nanoTime();
        for (long held = 0; ; held += 50_000) {
            byte[] portion = new byte[50_000];
            java.util.Arrays.fill(portion, (byte) 1);
            KEPT.add(portion);
            long due = begin + (long) (held / rate * 1e9) - System.nanoTime();
            if (due > 0) {
                Thread.sleep(due / 1_000_000, (int) (due % 1_000_000));
            }
        }
    }
}
