namespace Company.SinkProject.Tests;

/// <summary>A failure of the store says what can be done about it, and only a passing one is transient.</summary>
public class StoreNameFailureTests
{
    [Fact]
    public void A_failure_is_told_by_what_can_be_done()
    {
        Expect(SinkFailure.NotFound, false, new FileNotFoundException("gone"));
        Expect(SinkFailure.NotFound, false, new DirectoryNotFoundException("gone"));
        Expect(SinkFailure.AccessDenied, false, new UnauthorizedAccessException("no"));
        Expect(SinkFailure.Full, false, new IOException("full", OperatingSystem.IsWindows() ? 112 : 28));
        Expect(SinkFailure.Other, true, new TimeoutException("slow"));
        Expect(SinkFailure.Other, false, new IOException("broken"));
    }

    [Fact]
    public void What_is_no_failure_of_the_store_is_left_alone() =>
        Assert.False(StoreNameFailure.Is(new InvalidOperationException()));

    [Fact]
    public async Task A_promise_that_the_store_cannot_keep_is_refused()
    {
        string folder = Directory.CreateTempSubdirectory("store-scheme-").FullName;
        try
        {
            await using var sink = StoreNameSink.Open(new() { Folder = folder }, create: true);
            var plain = ObjectBody.Of(new byte[1]);
            var body = new ObjectBody(plain.Content, plain.Sha256, plain.Crc32C)
            {
                RetainUntil = DateTimeOffset.MaxValue,
            };
            await Assert.ThrowsAsync<SinkException>(
                () => sink.PutAsync(ObjectName.Of("a"), body, TestContext.Current.CancellationToken).AsTask());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Expect(SinkFailure failure, bool transient, Exception from)
    {
        var told = StoreNameFailure.Of(from, "cannot store 'a'");
        Assert.Equal((failure, transient), (told.Failure, told.Transient));
        Assert.StartsWith("cannot store 'a': ", told.Message, StringComparison.Ordinal);
    }
}
