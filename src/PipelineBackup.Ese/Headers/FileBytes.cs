using Microsoft.Win32.SafeHandles;

namespace PipelineBackup.Ese;

/// <summary>Reading a stretch of a file to its end, where the system may give it in pieces.</summary>
internal static class FileBytes
{
    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <returns>Bytes read.</returns>
    /// <exception cref="IOException">The file system failed.</exception>
    public static int Read(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int done = 0;
        while (done < buffer.Length)
        {
            int read = RandomAccess.Read(file, buffer[done..], offset + done);
            if (read == 0)
                break;
            done += read;
        }

        return done;
    }
}
