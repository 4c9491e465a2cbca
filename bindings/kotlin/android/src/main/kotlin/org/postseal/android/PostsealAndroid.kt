package org.postseal.android

import android.content.Context

/** What Postseal has to know of an Android app. */
public object PostsealAndroid {
    init {
        // JNA loads the library, too, but not so that the JVM finds native methods in it.
        System.loadLibrary("postseal_ffi")
    }

    /**
     * Tells the library which application it is in, so that Android itself can judge the certificates of servers, with what the user and
     * the app's network security configuration trust. It comes before the first `Connector`, as in `Application.onCreate`; more than once
     * does no harm.
     */
    public fun initialize(context: Context): Unit = initializeNative(context.applicationContext)

    @JvmStatic
    private external fun initializeNative(application: Context)
}
