/** Churn RATE: throws away RATE bytes a second. */
public class Churn {
    static byte[] last;

    public static void main(String[] args) throws Exception {
        double rate = Double.parseDouble(args[0]);
        System.out.println("ready");
        while (true) {
            for (int i = 0; i < 20; i++) {
                last = new byte[(int) (rate / 1000)];
            }
            Thread.sleep(20);
        }
    }
}
