namespace PipelineBackup.Sinks.AzureBlob.Tests;
public sealed class SendingTests {
    [Theory] [InlineData(TransferChecksum.Crc64)] [InlineData(TransferChecksum.None)] [InlineData(TransferChecksum.Md5)]
    public async Task X(TransferChecksum c) {
        await using var server = ScriptedServer.WithContainer(_ => new(201));
        await using var sink = AzureBlobSink.Open(Azurite.Account, "box", "", false, new() { Endpoint = server.Endpoint, AccountKey = Azurite.Key, Checksum = c });
        try { await sink.PutAsync(ObjectName.Of("a/b"), ObjectBody.Of("123456789"u8.ToArray()), default);} catch (Exception e) { Console.WriteLine(e.Message);}
        Console.WriteLine(server.Requests.Last().Head);
    }
}
