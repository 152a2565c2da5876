// SPDX-License-Identifier: Apache-2.0
package peers;

/** A way to make items side by side and receive them in order. Named in META-INF/services by the build. */
public interface Subject {
    String name();

    /** One line for the list of subjects. */
    String summary();

    /** Starts what outlives a pass: threads. */
    Peer open(Job job);

    /** Something that can make passes, one after another. */
    interface Peer {
        /** Requests all items of the job from the calling thread; returns when the last has been received. */
        void pass(Job job, Receiver receiver) throws Exception;
    }
}
